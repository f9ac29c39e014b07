from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from app.base.references import code_of, rf_of
from app.extensions import db
from app.gifts.models import Gift, GiftState
from app.ledger import checks
from app.ledger.queries import balances
from app.payments.providers.demo import DemoOutcome
from app.supporters.models import Supporter
from tests.factories.gifts import click, paid_gift, promised_gift
from tests.factories.organisation import make_programme
from tests.support.client import Client

NOTHING = {"campaign_id": "", "programme_id": ""}
SignIn = Callable[[str], Client]


def _gift(gift_id: int) -> Gift:
    db.session.rollback()
    gift = db.session.get(Gift, gift_id)
    assert gift is not None
    return gift


def _named(text: str) -> list[str]:
    return re.findall(r'class="row-link" href="[^"]*">([^<]+)<', text)


def _books_are_right() -> None:
    db.session.rollback()
    assert [o.problems for o in checks.run() if o.problems] == []


@pytest.fixture
def three(app: Flask) -> dict[str, int]:
    watch = make_programme("watch", name="WATCH")
    return {
        "anna": paid_gift(2500),
        "bert": paid_gift(
            10000, first_name="Bert", infix="", last_name="Zwaan", email="b@example.org", programme_id=watch
        ),
        "cor": promised_gift(5000, first_name="Cor", infix="", last_name="Meijer", email="c@example.org"),
    }


def test_the_list_is_newest_first_and_sums_at_its_foot(sign_in: SignIn, three: dict[str, int]) -> None:
    text = sign_in("fundraiser").get("/gifts").text
    assert _named(text) == ["Cor Meijer", "Bert Zwaan", "Anna van den Berg"]
    assert "€\u00a0175,00" in text
    assert _named(sign_in("fundraiser").get("/gifts?sort=amount").text)[0] == "Bert Zwaan"


@pytest.mark.parametrize(
    ("query", "who"),
    [
        ("q=zwa", ["Bert Zwaan"]),
        ("q=meyer", ["Cor Meijer"]),
        ("q=nobody", []),
        ("state=promised", ["Cor Meijer"]),
        ("method=bank_transfer", ["Cor Meijer"]),
        ("least=50,01", ["Bert Zwaan"]),
        ("most=25", ["Anna van den Berg"]),
        ("from=24-11-2026", []),
        ("to=23-11-2026&sort=-amount", ["Anna van den Berg", "Cor Meijer", "Bert Zwaan"]),
    ],
)
def test_it_narrows(sign_in: SignIn, three: dict[str, int], query: str, who: list[str]) -> None:
    assert _named(sign_in("finance").get(f"/gifts?{query}").text) == who


def test_a_reference_leads_to_its_gift(sign_in: SignIn, three: dict[str, int]) -> None:
    client = sign_in("finance")
    for reference in (rf_of(three["cor"]), code_of(three["cor"])):
        assert _named(client.get("/gifts", query_string={"q": reference}).text) == ["Cor Meijer"]
        assert f"/gifts/{three['cor']}" in client.get("/search", query_string={"q": reference}).text


@pytest.mark.parametrize(
    "query", ["state=forged", "method=forged", "programme=x", "from=31-02-2026", "least=1,234", "sort=x", "after=x"]
)
def test_a_forged_filter_is_refused(sign_in: SignIn, three: dict[str, int], query: str) -> None:
    assert sign_in("finance").get(f"/gifts?{query}").status_code == 400


def test_the_list_asks_as_much_for_many_gifts_as_for_few(sign_in: SignIn, three: dict[str, int]) -> None:
    client = sign_in("finance")
    client.get("/gifts")
    counts = []
    for _round in range(2):
        seen: list[Any] = []
        listener = lambda *args, seen=seen: seen.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        client.get("/gifts")
        event.remove(db.engine, "before_cursor_execute", listener)
        counts.append(len([s for s in seen if not s.startswith("PRAGMA")]))
        for number in range(6):
            paid_gift(1000 + number, email=f"n{number}@example.org", last_name=f"Naam{number}")
    assert counts[0] == counts[1]


def test_a_gift_shows_its_way_through_the_books(sign_in: SignIn, three: dict[str, int]) -> None:
    text = sign_in("finance").get(f"/gifts/{three['bert']}").text
    assert "WATCH" in text
    assert f"/payments/{three['bert']}" in text
    assert "/finance/entries/" in text
    assert "Bert Zwaan" in text


def test_finance_records_a_transfer_and_takes_it_back(sign_in: SignIn, three: dict[str, int]) -> None:
    client, gift_id = sign_in("finance"), three["cor"]
    form = {"amount": "45,00", "received_on": "20-11-2026", "bank_reference": "2026-117"}
    assert client.post(f"/gifts/{gift_id}/receive", data=form).status_code == 303
    assert _gift(gift_id).state is GiftState.RECEIVED
    assert balances()["1100"].cents == 4500
    assert "2026-117" in client.get(f"/gifts/{gift_id}").text
    assert client.post(f"/gifts/{gift_id}/receive", data=form).status_code == 409
    assert client.post(f"/gifts/{gift_id}/undo").status_code == 303
    assert _gift(gift_id).state is GiftState.PROMISED
    assert balances()["1100"].cents == 0
    assert client.post(f"/gifts/{gift_id}/undo").status_code == 409
    _books_are_right()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("amount", {"amount": "1,234"}),
        ("amount", {"amount": "0"}),
        ("received_on", {"received_on": "24-11-2026"}),
        ("received_on", {"received_on": "31-02-2026"}),
        ("bank_reference", {"bank_reference": ""}),
        ("bank_reference", {"bank_reference": "x" * 81}),
    ],
)
def test_a_wrong_receipt_is_said_beside_its_field(
    sign_in: SignIn, three: dict[str, int], field: str, changes: dict[str, str]
) -> None:
    form = {"amount": "45,00", "received_on": "20-11-2026", "bank_reference": "2026-117"} | changes
    answer = sign_in("finance").post(f"/gifts/{three['cor']}/receive", data=form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert _gift(three["cor"]).state is GiftState.PROMISED


def test_a_promise_is_given_up_and_expected_again(sign_in: SignIn, three: dict[str, int]) -> None:
    client, gift_id = sign_in("finance"), three["cor"]
    client.post(f"/gifts/{gift_id}/cancel")
    assert _gift(gift_id).state is GiftState.CANCELED
    client.post(f"/gifts/{gift_id}/reopen")
    assert _gift(gift_id).state is GiftState.PROMISED
    assert client.post(f"/gifts/{three['anna']}/reopen").status_code == 409
    assert client.post(f"/gifts/{three['anna']}/undo").status_code == 404  # paid online: not recorded by hand
    _books_are_right()


def test_a_gift_in_cash_is_entered_booked_and_undone(sign_in: SignIn, three: dict[str, int]) -> None:
    client = sign_in("finance")
    form = {
        "amount": "20",
        "given_on": "22-11-2026",
        "method": "cash",
        "last_name": "Vis",
        "campaign_id": "",
        "programme_id": "",
    }
    answer = client.post("/gifts/new", data=form)
    assert answer.status_code == 303
    assert balances()["1000"].cents == 2000
    gift_id = int(answer.location.rsplit("/", 1)[1])
    assert "Vis" in client.get("/gifts").text
    client.post(f"/gifts/{gift_id}/undo")
    assert _gift(gift_id).state is GiftState.CANCELED
    assert balances()["1000"].cents == 0
    _books_are_right()


def test_a_gift_of_a_known_donor_is_entered_at_their_page(sign_in: SignIn, three: dict[str, int]) -> None:
    client = sign_in("finance")
    supporter_id = _gift(three["anna"]).supporter_id
    page = client.get(f"/supporters/{supporter_id}").text
    assert f"/gifts/new?supporter={supporter_id}" in page
    assert "€\u00a025,00" in page
    form = {"amount": "75", "given_on": "22-11-2026", "method": "bank_transfer", "bank_reference": "X1"} | NOTHING
    answer = client.post(f"/gifts/new?supporter={supporter_id}", data=form)
    assert _gift(int(answer.location.rsplit("/", 1)[1])).supporter_id == supporter_id
    assert "€\u00a0100,00" in client.get(f"/supporters/{supporter_id}").text
    assert client.get("/gifts/new?supporter=1").status_code == 404
    _books_are_right()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("amount", {"amount": "-5"}), ("given_on", {"given_on": "24-11-2026"}), ("method", {"method": "ideal"}),
        ("last_name", {"last_name": ""}), ("email", {"email": "nee"}), ("programme_id", {"programme_id": "1"}),
    ],
)  # fmt: skip
def test_a_wrong_gift_is_said_beside_its_field_and_makes_nobody(
    sign_in: SignIn, app: Flask, field: str, changes: dict[str, str]
) -> None:
    form = {
        "amount": "20",
        "given_on": "22-11-2026",
        "method": "cash",
        "last_name": "Vis",
        "campaign_id": "",
        "programme_id": "",
    } | changes
    answer = sign_in("finance").post("/gifts/new", data=form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert db.session.execute(select(func.count()).select_from(Supporter)).scalar_one() == 0


def test_donors_stand_by_what_they_gave(sign_in: SignIn, three: dict[str, int]) -> None:
    client = sign_in("fundraiser")
    assert _named(client.get("/gifts/donors").text) == ["Bert Zwaan", "Anna van den Berg"]
    click(three["bert"], DemoOutcome.REFUNDED)
    assert _named(client.get("/gifts/donors").text) == ["Anna van den Berg"]
    for forged in ("x", "1-", "1-2-3", "9" * 30 + "-1", "-1-1"):
        assert client.get(f"/gifts/donors?after={forged}").status_code == 400


def test_an_unknown_gift_is_not_there(sign_in: SignIn) -> None:
    client = sign_in("finance")
    for path in ("/gifts/1", "/gifts/1/receive", "/gifts/9223372036854775807"):
        assert client.get(path).status_code == 404
    assert client.post("/gifts/1/undo").status_code == 404
