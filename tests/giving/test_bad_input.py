"""Everything the form can be sent, line by line: accounts, names, amounts; a provider that is away, slow or answers
twice; links that are old, used, of another kind or stolen. Clear words, what was typed kept, money booked once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import create_app
from app.base.actor import system
from app.extensions import db, now
from app.gifts.models import Gift
from app.giving import tokens
from app.giving.answers import FIELDS, read
from app.giving.result_views import path_of
from app.ledger import checks
from app.payments.flow import reach
from app.payments.models import Checkout
from app.supporters.models import Supporter
from tests.conftest import SettableClock, make_settings
from tests.giving.conftest import FILLED, token_in
from tests.giving.test_answers import GOOD
from tests.support.client import Client
from tests.support.fake_mollie import FakeMollie

METHODS = ("ideal", "direct_debit")
DEBIT = {"method": "direct_debit", "frequency": "monthly", "mandate": "y"}


def errors_of(**changes: str) -> dict[str, str]:
    answers = read(GOOD | changes, METHODS, (), METHODS)
    return {name: str(error) for name, error in answers.errors.items()}


def test_a_wrong_iban_says_which_part() -> None:
    for iban, says in [
        ("91 ABNA 0417 1643 00", "begins with two letters and two figures"),
        ("NLAB ABNA 0417 1643 00", "begins with two letters and two figures"),
        ("NL91/ABNA/0417164300", "begins with two letters and two figures"),
        ("NL٩١ABNA0417164300", "begins with two letters and two figures"),
        ("0417164300", "begins with two letters and two figures"),
        ("XX91ABNA0417164300", "XX is not a country code"),
        ("NL91ABNA041716430", "NL has 18 characters, this one has 17"),
        ("DE8937040044053201300", "DE has 22 characters, this one has 21"),
        ("NL910417ABNA164300", "four letters and ten figures"),
        ("NL91ABNA0417164301", "check number"),
        ("NL19ABNA0417164300", "check number"),
        ("BE68539007547035", "check number"),
        ("ABNANL2A", "a BIC: the code of a bank"),
        ("rabo nl 2u xxx", "a BIC: the code of a bank"),
        ("NL91ABNAO417164300", "a letter O where only a figure can stand"),
        ("NL91 ABNA 0417 1643 OO", "a letter O where only a figure can stand"),
        ("NLO2ABNA0123456789", "a letter O where only a figure can stand"),
        ("BE6853900754703O", "a letter O where only a figure can stand"),
        ("NL9IABNA0417164300", "a letter I where only a figure can stand"),
        ("NL91ABN A04171643OO1", "NL has 18 characters, this one has 19"),
        ("GB33BUKB20201555555555", "outside the EEA"),
        ("", "Fill in the IBAN"),
        ("NL91ABNA0417164300 " * 4, "too long"),
    ]:
        assert says in errors_of(iban=iban, **DEBIT)["iban"], iban


def test_an_iban_is_taken_as_people_write_it() -> None:
    for iban in [
            "nl91abna0417164300", "IBAN NL91ABNA0417164300", "iban: nl91abna0417164300",
            "NL91 ABNA 0417 1643 00", "NL91.ABNA.0417.1643.00", "NL91-ABNA-0417-1643-00",
            "NL91\u00a0ABNA\u00a00417\u00a01643\u00a000", "DE89 3704 0044 0532 0130 00", "BE68 5390 0754 7034",
            "FR14 2004 1010 0505 0001 3M02 606", "MT84 MALT 0110 0001 2345 MTLC AST0 01S", "NO93 8601 1117 947",
        ]:  # fmt: skip
        assert errors_of(iban=iban, **DEBIT) == {}, iban


def test_an_amount_is_read_in_any_notation() -> None:
    for typed, cents in [
            ("25", 2500), ("25,5", 2550), ("25,50", 2550), ("25.50", 2550), ("€25", 2500), ("€ 25,-", 2500),
            ("25.-", 2500), ("25,--", 2500), ("25 €", 2500), ("EUR 25", 2500), ("eur25,50", 2550), ("25 euro", 2500),
            ("25,- euro", 2500), ("25 EUR", 2500), ("1.234,56", 123456), ("1,234.56", 123456), ("1 234,56", 123456),
            ("1\u00a0234", 123400), ("1.234,-", 123400), ("007", 700),
        ]:  # fmt: skip
        gift = read(GOOD | {"amount": "other", "other_amount": typed}, METHODS, ()).gift
        assert gift is not None, typed
        assert gift.amount_cents == cents, typed


def test_what_is_no_amount_is_never_guessed() -> None:
    for typed, says in [
            ("1.234", "not clear"), ("12,345", "not clear"), ("-5", "without a minus"), ("−5", "not an amount"),
            ("0", "more than zero"), ("0,99", "from"), ("50.000,01", "up to"), ("9" * 30, "too large"),
            ("9" * 41, "too long"), ("1e3", "not an amount"), ("25,505", "not clear"), ("1,2,3", "not an amount"),
            ("½", "not an amount"), ("٢٥", "not an amount"), ("25\x0050", "invisible"), ("$ 25", "not an amount"),
            ("25 30", "not an amount"), ("NaN", "not an amount"), ("=25+5", "not an amount"), ("euro", "not an amount"),
        ]:  # fmt: skip
        assert says in errors_of(amount="other", other_amount=typed)["other_amount"], typed


def test_who_has_a_single_name_puts_a_dash() -> None:
    for first, last in [("Sukarno", "-"), ("—", "Sukarno")]:
        gift = read(GOOD | {"first_name": first, "last_name": last}, METHODS, ()).gift
        assert gift is not None
        assert gift.first_name + gift.last_name == "Sukarno"
    assert "dash" in errors_of(first_name="Sukarno", last_name="")["last_name"]
    assert set(errors_of(first_name="-", last_name="-")) == {"last_name"}


def test_nothing_that_cannot_be_seen_is_taken_anywhere() -> None:
    form = GOOD | DEBIT | {"kind": "organisation", "organisation": "Bakkerij", "tribute": "memory"}
    form |= {"tribute_name": "Opa", "iban": "NL91ABNA0417164300", "amount": "other", "other_amount": "5"}
    assert read(form, METHODS, (), METHODS).gift is not None
    choices = {"frequency", "amount", "programme", "kind", "tribute", "method"}
    for name, bad in itertools.product(set(FIELDS) - choices, ("\x00", "\x1b", "\ud800", "\u202e")):
        answers = read(form | {name: form[name] + bad}, METHODS, (), METHODS)
        assert set(answers.errors) == {name}
        assert answers.typed[name] == form[name], "kept without what no field can show"


@pytest.fixture
def mollie() -> Iterator[FakeMollie]:
    with FakeMollie() as fake:
        yield fake


@pytest.fixture
def donor(app: Flask, database_url: str, tmp_path: Path, clock: SettableClock, mollie: FakeMollie) -> Iterator[Client]:
    """A donor of an installation with Mollie."""
    mollie.clock = clock.now
    names = {"DATABASE_URL": database_url, "MOLLIE_API_KEY": mollie.key, "MOLLIE_API_URL": mollie.url}
    other = create_app(make_settings(tmp_path, **names), clock)
    other.test_client_class = Client
    with other.app_context():
        yield other.test_client()  # type: ignore[misc]
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "503", "slow", "garbage", "html"])
def test_a_provider_that_is_away_slow_or_tells_twice(
    donor: Client, mollie: FakeMollie, clock: SettableClock, fault: str
) -> None:
    token = token_in(donor.get("/steun-ons").text)
    mollie.faults.append(fault)
    answers = [donor.post("/steun-ons", data=FILLED | {"token": token}, csrf=False) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    checkout_id = db.session.scalars(select(Checkout.id)).one()
    if fault != "slow":
        assert answers[0].location == path_of(checkout_id, "nl")
        page = donor.get(answers[0].location)
        assert page.status_code == 200
        assert "Een ogenblik" in page.text
        assert "betaaldienst geeft nu geen antwoord" in unescape(page.text)
        assert "niets van uw rekening afgeschreven" in page.text
        asked = len(mollie.seen)
        donor.get(answers[0].location)
        assert len(mollie.seen) == asked, "who waited for an answer once does not wait again at once"
    clock.forward(minutes=2)
    reach([checkout_id], actor=system("test"), now=now())
    assert len(mollie.payments) == 1, "asked again, it is the same payment"
    (payment,) = mollie.payments
    mollie.pay(payment)
    for _ in range(2):
        assert donor.post("/webhooks/mollie", data={"id": payment}, csrf=False).status_code == 200
        reach([checkout_id], actor=system("test"), now=now())
    assert "Dank u wel" in donor.get(path_of(checkout_id, "nl")).text
    db.session.rollback()
    assert db.session.scalars(select(Gift.amount_cents)).all() == [2500]
    assert db.session.scalar(select(func.count()).select_from(Supporter)) == 1
    assert not [outcome for outcome in checks.run() if outcome.problems]


def test_a_payment_that_the_provider_does_not_take_is_not_blamed_on_a_bank(donor: Client, mollie: FakeMollie) -> None:
    token = token_in(donor.get("/steun-ons").text)
    mollie.most = 10
    answer = donor.post("/steun-ons", data=FILLED | {"token": token}, csrf=False)
    page = unescape(donor.get(answer.location).text)
    assert "betaaldienst neemt deze betaling op deze manier niet aan" in page
    assert "Uw bank" not in page
    assert "niets van uw rekening afgeschreven" in page


LINKS = (
    "/steun-ons/bedankt/{}", "/en/support-us/thank-you/{}", "/steun-ons?again={}", "/mijn-giften/open/{}",
    "/mijn-giften/herstel/{}", "/mijn-giften/betaling/{}", "/mijn-giften/nieuw-adres/{}",
    "/mijn-giften/niet-gevraagd/{}", "/nieuws/bevestigen/{}", "/nieuws/afmelden/{}",
)  # fmt: skip


def test_a_link_opens_what_it_was_made_for_and_nothing_else(client: Client, clock: SettableClock, app: Flask) -> None:
    key = str(app.secret_key)
    for token in (
        tokens.make_form_token(key, 7, clock.now()), tokens.make_own_token(key, 7), tokens.make_result_token("x", 7),
    ):  # fmt: skip
        for link in LINKS:
            answer = client.get(link.format(token))
            assert answer.status_code in (200, 404), link
            if "again" not in link:
                assert "<h1" in answer.text
                assert answer.status_code == 404 or "afmelden" in link, link
