"""Giving a gift back from its page: through the provider, or recorded where we paid it ourselves."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.gifts.models import Gift, GiftState
from app.ledger import checks
from app.ledger.queries import balances
from tests.factories.gifts import paid_gift, promised_gift
from tests.support.client import Client

SignIn = Callable[[str], Client]


def gift_of(gift_id: int) -> Gift:
    db.session.rollback()
    assert [o.problems for o in checks.run() if o.problems] == []
    return db.session.get_one(Gift, gift_id)


def form(client: Client, gift_id: int, **changes: str) -> dict[str, str]:
    page = client.get(f"/gifts/{gift_id}/refund").text
    found = re.search(r'name="key"[^>]*value="(\d+)"', page)
    assert found, page
    return {"key": found[1], "amount": "25,00", "reason": "Vergissing"} | changes


def by_hand(client: Client, method: str) -> int:
    """A gift of 25 euros that finance has, in cash or by transfer."""
    if method == "promised":
        gift_id = promised_gift(2500)
        paid = {"amount": "25", "received_on": "20-11-2026", "bank_reference": "2026-117"}
        client.post(f"/gifts/{gift_id}/receive", data=paid)
        return gift_id
    data = {"amount": "25", "given_on": "22-11-2026", "method": method, "last_name": "Vis", "campaign_id": "",
            "programme_id": ""}  # fmt: skip
    return int(client.post("/gifts/new", data=data).location.rsplit("/", 1)[1])


def test_a_gift_paid_online_goes_back_through_the_provider(sign_in: SignIn, app: Flask) -> None:
    client, gift_id = sign_in("finance"), paid_gift()
    sent = form(client, gift_id, amount="10")
    for _ in range(2):
        assert client.post(f"/gifts/{gift_id}/refund", data=sent).status_code == 303
    assert gift_of(gift_id).kept_cents == 1500
    page = client.get(f"/gifts/{gift_id}").text
    assert "Vergissing" in page
    assert "€\u00a015,00" in page
    last = form(client, gift_id, amount="15")
    for _ in range(2):
        assert client.post(f"/gifts/{gift_id}/refund", data=last).status_code == 303
    assert gift_of(gift_id).state is GiftState.REFUNDED
    assert client.get(f"/gifts/{gift_id}/refund").status_code == 409


@pytest.mark.parametrize(("method", "account"), [("cash", "1000"), ("bank_transfer", "1100"), ("promised", "1100")])
def test_what_we_pay_back_ourselves_is_booked_once(sign_in: SignIn, app: Flask, method: str, account: str) -> None:
    client = sign_in("finance")
    gift_id = by_hand(client, method)
    sent = form(client, gift_id, amount="5", refunded_on="23-11-2026", bank_reference="T-9")
    for _ in range(2):
        assert client.post(f"/gifts/{gift_id}/refund", data=sent).status_code == 303
    assert client.post(f"/gifts/{gift_id}/refund", data=sent | {"amount": "6"}).status_code == 409
    assert gift_of(gift_id).kept_cents == 2000
    assert balances()[account].cents == 2000


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("amount", {"amount": "25,01"}), ("amount", {"amount": "0"}), ("reason", {"reason": ""}),
        ("refunded_on", {"refunded_on": "24-11-2026"}),
    ],
)  # fmt: skip
def test_a_wrong_refund_is_said_beside_its_field(
    sign_in: SignIn, app: Flask, field: str, changes: dict[str, str]
) -> None:
    client = sign_in("finance")
    gift_id = by_hand(client, "cash")
    answer = client.post(f"/gifts/{gift_id}/refund", data=form(client, gift_id, refunded_on="23-11-2026") | changes)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert gift_of(gift_id).kept_cents == 2500


def test_a_promise_has_nothing_to_give_back(sign_in: SignIn, app: Flask) -> None:
    gift_id = promised_gift()
    assert sign_in("finance").get(f"/gifts/{gift_id}/refund").status_code == 409
    assert db.session.execute(select(Gift.state)).scalar() is GiftState.PROMISED
