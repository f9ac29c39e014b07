from __future__ import annotations

import re
from datetime import date
from urllib.parse import unquote

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.dates import format_long_date, local_date
from app.base.money import Money
from app.base.references import in_fours, rf_of
from app.direct_debit.models import Collection
from app.extensions import db, now, writing
from app.gifts.models import Gift
from app.gifts.recurring.models import Commitment, CommitmentChange
from app.gifts.recurring.states import ChangeKind
from app.giving import results
from app.giving.result_views import path_of
from app.ledger import checks
from app.ledger.queries import balances
from app.organisation.queries import profile
from app.payments import services as payments
from app.payments.models import Checkout
from app.payments.providers.demo import DemoOutcome, decide
from tests.conftest import SettableClock
from tests.factories.gifts import click, promised_gift, start_checkout
from tests.factories.recurring import announce_and_plan
from tests.giving.conftest import Give
from tests.support.client import Client


def _last() -> int:
    db.session.rollback()
    return int(db.session.execute(select(Checkout.id).order_by(Checkout.id.desc()).limit(1)).scalar_one())


def test_from_the_form_to_the_ledger(client: Client, give: Give) -> None:
    assert give(amount="other", other_amount="25,50", programme="watch").status_code == 303
    checkout_id = _last()
    with writing():
        decide(checkout_id, DemoOutcome.PAID, at=now())
    page = client.get(path_of(checkout_id, "nl"))
    assert page.status_code == 200
    assert "Dank u wel voor uw gift" in page.text
    assert "€\u00a025,50" in page.text
    gift = db.session.get(Gift, checkout_id)
    assert gift is not None
    assert gift.amount_cents == 2550
    assert balances()["1290"].cents == 2550
    assert [o.problems for o in checks.run() if o.problems] == []


@pytest.mark.parametrize(
    ("frequency", "words"), [("monthly", "elke maand"), ("quarterly", "elk kwartaal"), ("yearly", "elk jaar")]
)
def test_a_recurring_gift_begins_once_it_is_paid_and_says_what_comes_next(
    client: Client, give: Give, frequency: str, words: str
) -> None:
    give(frequency=frequency)
    checkout_id = _last()
    assert db.session.get(Commitment, checkout_id) is None
    click(checkout_id, DemoOutcome.PAID)
    commitment = db.session.get(Commitment, checkout_id)
    assert commitment is not None
    assert commitment.frequency.value == frequency
    page = client.get(path_of(checkout_id, "nl")).text
    assert f"Voortaan schrijven we {words}" in page
    assert format_long_date(commitment.collect_on) in page
    assert "Voortaan" not in client.get(path_of(_single(give), "nl")).text


def _single(give: Give) -> int:
    give()
    click(_last(), DemoOutcome.PAID)
    return _last()


def test_it_is_not_indexed_kept_or_told_to_others_and_holds_nobodys_name(client: Client, give: Give) -> None:
    give()
    checkout_id = _last()
    for outcome in (None, DemoOutcome.PAID):
        if outcome:
            click(checkout_id, outcome)
        page = client.get(path_of(checkout_id, "nl"))
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert page.headers["Cache-Control"] == "no-store"
        for part in ("Anna", "Berg", "anna@example.org"):
            assert part not in page.text


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (DemoOutcome.FAILED, "De betaling is niet gelukt"),
        (DemoOutcome.CANCELED, "U hebt de betaling afgebroken"),
        (DemoOutcome.EXPIRED, "De betaling duurde te lang"),
    ],
)
def test_a_failed_gift_says_so_and_can_be_tried_again(
    client: Client, give: Give, outcome: DemoOutcome, words: str
) -> None:
    give(amount="other", other_amount="37,50", programme="watch", method="creditcard")
    click(_last(), outcome)
    page = client.get(path_of(_last(), "nl"))
    assert words in page.text
    assert "niets van uw rekening afgeschreven" in page.text
    assert 'http-equiv="refresh"' not in page.text
    address = re.search(r'href="(/steun-ons\?again=[^"]+)"', page.text)
    assert address is not None
    again = client.get(address[1]).text
    assert 'value="37,50"' in again
    assert re.search(r'<option selected value="watch"', again)
    assert re.search(r'value="creditcard" checked', again)
    assert 'value="anna@example.org"' in again  # this browser sent it
    stranger = client.application.test_client().get(address[1]).text
    assert 'value="37,50"' in stranger
    assert "anna@example.org" not in stranger
    assert "Berg" not in stranger


def test_another_browsers_cookie_shows_nothing_of_this_gift(app: Flask, client: Client, give: Give) -> None:
    give()
    first = _last()
    click(first, DemoOutcome.FAILED)
    other = app.test_client()
    other.set_cookie("gift", "forged")
    address = path_of(first, "nl").rsplit("/", 1)[1]
    assert "anna@example.org" not in other.get(f"/steun-ons?again={address}").text


def test_while_it_is_open_the_page_looks_again_by_itself(client: Client, give: Give) -> None:
    give()
    page = client.get(path_of(_last(), "nl"))
    assert re.search(r'<meta http-equiv="refresh" content="\d+">', page.text)
    assert f'href="/demo-bank/{_last()}"' in page.text


def test_the_provider_is_not_asked_at_every_look(client: Client) -> None:
    checkout_id = start_checkout()
    client.get(path_of(checkout_id, "nl"))
    with writing():
        decide(checkout_id, DemoOutcome.PAID, at=now())
    assert "Dank u wel voor uw gift" not in client.get(path_of(checkout_id, "nl")).text


def test_a_transfer_shows_all_one_needs_and_a_code_to_scan(client: Client) -> None:
    checkout_id = promised_gift(5000)
    text = client.get(path_of(checkout_id, "nl")).text
    for part in (
        "NL91 ABNA 0417 1643 00",
        "€\u00a050,00",
        in_fours(rf_of(checkout_id)),
        "Stichting Voorbeeld Nederland",
    ):
        assert part in text
    image = re.search(r'<img src="(data:image/svg\+xml[^"]+)"', text)
    assert image is not None
    assert "viewBox" in unquote(image[1])
    assert "style=" not in unquote(image[1])
    with writing():
        payments.receive_by_hand(checkout_id, Money(5000), now().date(), "x", actor=SYSTEM, now=now())
    assert "Dank u wel voor uw gift" in client.get(path_of(checkout_id, "nl")).text


def test_the_code_holds_what_the_standard_asks(app: Flask) -> None:
    checkout_id = promised_gift(5050)
    found = results.result_of(checkout_id, now=now())
    assert found is not None
    text = results.transfer_text(found, profile())
    assert text is not None
    assert len(text.encode()) <= 331
    assert text.split("\n") == [
        "BCD", "002", "1", "SCT", "ABNANL2A", "Stichting Voorbeeld Nederland", "NL91ABNA0417164300", "EUR50.50", "",
        rf_of(checkout_id),
    ]  # fmt: skip


def test_a_gift_that_went_back_is_not_thanked_for(client: Client) -> None:
    checkout_id = start_checkout()
    click(checkout_id, DemoOutcome.PAID)
    click(checkout_id, DemoOutcome.REFUNDED)
    text = client.get(path_of(checkout_id, "nl")).text
    assert "Uw gift is terugbetaald" in text
    assert "goed bij ons aangekomen" not in text


def test_it_speaks_english_too(client: Client) -> None:
    checkout_id = start_checkout(language="en")
    click(checkout_id, DemoOutcome.PAID)
    assert "Thank you for your gift" in client.get(path_of(checkout_id, "en")).text


@pytest.mark.parametrize("token", ["x", "A" * 32, "A" * 500, "..%2f..%2fetc"])
def test_a_guessed_address_is_not_there(client: Client, token: str) -> None:
    assert client.get(f"/steun-ons/bedankt/{token}").status_code == 404


def test_an_erased_checkout_is_not_there(client: Client, app: Flask) -> None:
    assert client.get(path_of(123456789, "nl")).status_code == 404
    assert client.get("/steun-ons?again=" + path_of(123456789, "nl").rsplit("/", 1)[1]).status_code == 200


@pytest.mark.parametrize(
    ("day", "first", "second"),
    [("28", "2026-12-28", "2027-01-28"), ("5", "2026-12-08", "2027-01-05"), ("", "2026-12-23", "2027-01-25")],
)
def test_the_day_that_was_chosen_is_kept_and_told_in_time(
    client: Client, give: Give, clock: SettableClock, day: str, first: str, second: str
) -> None:
    """Begun on 23 November: the 5th comes too soon to be told 14 days before, so once it is later."""
    give(frequency="monthly", day=day)
    checkout_id = _last()
    click(checkout_id, DemoOutcome.PAID)
    row = db.session.get_one(Commitment, checkout_id)
    assert (row.day, row.collect_on.isoformat()) == (int(day or 23), first)
    assert format_long_date(row.collect_on) in client.get(path_of(checkout_id, "nl")).text
    clock.forward(hours=20)
    collected = set()
    for _week in range(10):
        announce_and_plan()
        collected |= set(db.session.scalars(select(Collection.collect_on)))
        clock.forward(days=7)
    assert [on.isoformat() for on in sorted(collected)[:2]] == [first, second]
    told = db.session.scalars(select(CommitmentChange).where(CommitmentChange.kind == ChangeKind.NOTICE)).first()
    assert told is not None
    assert (date.fromisoformat(first) - local_date(told.at)).days >= 14


def test_a_day_is_for_recurring_gifts_and_comes_back_when_it_failed(client: Client, give: Give) -> None:
    give(day="5")
    click(_last(), DemoOutcome.PAID)
    assert db.session.scalars(select(Commitment)).all() == []
    for day in ("0", "29", "32", "5.", "morgen"):
        assert give(frequency="monthly", day=day).status_code == 422
    give(frequency="monthly", day="31")
    click(_last(), DemoOutcome.FAILED)
    assert (
        '<option selected value="31">'
        in client.get(f"/steun-ons?again={path_of(_last(), 'nl').rpartition('/')[2]}").text
    )
