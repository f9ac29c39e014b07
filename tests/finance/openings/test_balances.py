"""Balances from before: one entry in balance, once, reversible, and never handed over."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.banking.reconciliation import reconcile
from app.base.actor import SYSTEM
from app.base.errors import Refused
from app.base.money import Money
from app.extensions import db, now, writing
from app.finance.books import months
from app.finance.books.handing_over import hand_over
from app.finance.books.models import Layout
from app.finance.openings import balances, reading, services
from app.finance.openings.models import Opening, OpeningKind, OpeningState
from app.finance.openings.standing import brought
from app.finance.periods import fiscal_year
from app.finance.yearend.proposal import propose
from app.finance.yearend.services import appropriate
from app.grants.awards import services as awards
from app.grants.instalments import services as instalments
from app.grants.instalments.models import Instalment
from app.ledger import checks, periods, queries
from app.ledger.models import Event, JournalEntry
from app.ledger.services import ensure_chart, post
from app.programmes import services as programmes
from tests.factories import grants
from tests.factories.ledger import gift_entry
from tests.factories.organisation import IBAN, make_organisation, make_programme
from tests.support.client import Client

SignIn = Callable[[str], Client]
HEAD = "Rekening;Omschrijving;IBAN;Programma;Fonds;Debet;Credit\n"
SHEET = HEAD + (
    f"1100;Bank;{IBAN};;;€ 1.234,56;\n"
    "0520;Bestemmingsfonds;;Opvang;;;1.000,00\n"
    ";Noodfonds;;;Noodfonds;;100,00\n"
    "0500;Kapitaal;;;;;134,56\n"
    "Totaal;;;;;1.234,56;1.234,56\n"
)
DAY = date(2025, 12, 31)


@pytest.fixture
def house(app: Flask) -> int:
    make_organisation()
    work = make_programme("opvang")
    with writing():
        ensure_chart()
        programmes.save_fund(
            None, slug="noodfonds", name_nl="Noodfonds", name_en="Emergency fund", programme_id=work,
            restricted=False, active=True, actor=SYSTEM, now=now(),
        )  # fmt: skip
    return work


def said(text: str) -> balances.Reading:
    file = reading.keep(OpeningKind.BALANCES, text.encode(), "begin.csv")
    with writing():
        opening_id = services.begin(OpeningKind.BALANCES, file, actor=SYSTEM, now=now())
    found = reading.read(db.session.get_one(Opening, opening_id))
    assert isinstance(found, balances.Reading)
    return found


def upload(client: Client, text: str, kind: str = "balances") -> str:
    data = {"kind": kind, "file": (io.BytesIO(text.encode()), "begin.csv")}
    response = client.post("/finance/openings/new", data=data, content_type="multipart/form-data")
    assert response.status_code == 303, response.get_data(as_text=True)
    return str(response.location).split("#")[0]


def row_of(address: str) -> Opening:
    db.session.rollback()
    return db.session.get_one(Opening, int(address.rsplit("/", 1)[1]))


def press(client: Client, address: str, what: str, **data: str) -> str:
    client.post(f"{address}/{what}", data={"version": str(row_of(address).version)} | data)
    return client.get(address).get_data(as_text=True).replace("\xa0", " ")


def test_balances_are_booked_once_and_taken_back(house: int, sign_in: SignIn) -> None:
    finance = sign_in("finance")
    address = upload(finance, SHEET)
    page = press(finance, address, "control", on="31-12-2025", control="1.000,00")
    assert "controletotaal € 1.000,00" in page
    press(finance, address, "enter")
    assert row_of(address).state is OpeningState.READ  # the control total does not agree
    press(finance, address, "control", on="31-12-2025", control="1.234,56")
    page = press(finance, address, "enter")
    assert row_of(address).state is OpeningState.IN
    entry = db.session.execute(select(JournalEntry)).scalar_one()
    assert (entry.event, entry.booked_on) == (Event.OPENING_BALANCE, DAY)
    stands = {code: b.cents for code, b in queries.balances().items()}
    assert stands == {"1100": 123456, "0520": -100000, "0510001": -10000, "0500": -13456}
    walk = finance.get(f"/finance/entries/{entry.id}").get_data(as_text=True)
    assert f"/finance/openings/{row_of(address).id}" in walk
    # The year's result finds the funds as they were brought in; the accounting package has its own opening.
    found = {(p.programme_id, bool(p.fund), p.before) for p in propose(fiscal_year(2026, 1)).parts}
    assert found == {(house, False, 100000), (house, True, 10000)}
    assert months.one(date(2025, 12, 1)).left == 0
    # The same file again, and another on the same day.
    again = finance.post(
        "/finance/openings/new", data={"kind": "balances", "file": (io.BytesIO(SHEET.encode()), "begin.csv")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert again.status_code == 422
    other = upload(finance, SHEET.replace("Omschrijving", "Naam"))
    press(finance, other, "control", on="31-12-2025", control="1.234,56")
    assert "Op deze dag staat al een beginbalans" in press(finance, other, "enter")
    press(finance, address, "undo")
    assert row_of(address).state is OpeningState.UNDONE
    assert not any(b.cents for b in queries.balances().values())
    press(finance, other, "enter")
    assert row_of(other).state is OpeningState.IN
    assert [outcome.problems for outcome in checks.run() if outcome.problems] == []


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ("9999;;;;;1,00;", "account", "no active account"),
        ("8010;;;;;1,00;", "account", "income or costs"),
        ("1100;;NL91ABNA0417164301;;;1,00;", "iban", "check number"),
        ("1100;;NL91ABNA041716430;;;1,00;", "iban", "18 characters"),
        ("1100;;NL02ABNA0123456789;;;1,00;", "iban", "none of our bank accounts"),
        ("1100;;;;;1,00;", "iban", "goes with the IBAN"),
        (f"0500;;{IBAN};;;1,00;", "iban", "goes with the IBAN"),
        ("0520;;;Onbekend;;1,00;", "programme", "not known here"),
        ("0520;;;;Noodfonds;1,00;", "fund", "stands on account 0510"),
        ("0500;;;;;1.2345,00;", "debit", ""),
        ("0500;;;;;veel;", "debit", "not an amount"),
        (";;;;;1,00;", "account", "no ledger account"),
    ],
)
def test_what_is_wrong_in_a_row_is_said(house: int, row: str, field: str, words: str) -> None:
    found = said(HEAD + row + "\n0500;;;;;;1,00\n")
    (problem,) = found.problems
    assert (problem.row, problem.field) == (2, field)
    assert words in problem.message % problem.params if problem.params else words in problem.message
    assert not found.is_whole


def test_what_stands_here_already_counts_once(house: int) -> None:
    """A grant of last year with its first half received, entered here by hand: the sheet holds both, and the second
    half is still to come."""
    with writing():
        grant_id = grants.grant(now(), decided_on=date(2025, 10, 1))
        awards.confirm([grant_id], actor=SYSTEM, now=now())
        first, second = db.session.scalars(select(Instalment.id).order_by(Instalment.position)).all()
        instalments.receive([received(first, date(2025, 11, 3))], actor=SYSTEM, now=now())
    sheet = HEAD + f"1100;;{IBAN};;;80.000,00;\n1300;;;;;50.000,00;\n0500;;;;;;130.000,00\n"
    wrong = said(sheet.replace("50.000,00", "40.000,00").replace("130.000", "120.000"))
    (problem,) = brought(wrong, DAY).problems
    assert problem.params == {"code": "1300", "here": Money(50_000_00), "said": Money(40_000_00)}
    opening_id, found = chosen(sheet, 130_000_00)
    with writing():
        services.enter_balances(opening_id, found, version=2, actor=SYSTEM, now=now())
    stands = {code: b.cents for code, b in queries.balances().items() if not code.startswith("8")}
    assert stands == {"1100": 80_000_00, "1300": 50_000_00, "0500": -130_000_00, "0590": 100_000_00}
    assert queries.grant_balance(grant_id).receivable == 50_000_00
    told = reconcile()
    assert (told.opened, told.by_hand_cents, told.by_hand) == (80_000_00, 0, [])
    with writing():  # the instalment settles what is receivable, and is no income again
        instalments.receive([received(second, date(2026, 2, 1))], actor=SYSTEM, now=now())
    assert queries.balances()["1300"].cents == 0
    assert sum(b.cents for code, b in queries.balances().items() if code.startswith("8")) == -100_000_00
    assert [outcome.problems for outcome in checks.run() if outcome.problems] == []
    # What lies before is in it: no month of it is handed over, no year of it appropriated.
    with writing():
        for month in (10, 11, 12):
            periods.close(date(2025, month, 1), actor=SYSTEM, now=now())
    with pytest.raises(Refused, match="before the opening balance"):
        hand_over(date(2025, 10, 1), Layout.XAF_40, actor=SYSTEM, now=now())
    with pytest.raises(Refused, match="before the opening balance"), writing():
        appropriate(fiscal_year(2025, 1), {}, seen_cents=0, reason="", actor=SYSTEM, now=now())


def received(instalment_id: int, on: date) -> instalments.Received:
    return instalments.Received(
        instalment_id=instalment_id, received_on=on, amount_cents=50_000_00, bank_reference="A1", form_key=f"{on}"
    )


def chosen(sheet: str, control: int) -> tuple[int, balances.Reading]:
    found = said(sheet)
    opening_id = db.session.execute(select(func.max(Opening.id))).scalar_one()
    with writing():
        services.choose(opening_id, control_cents=control, on=DAY, version=1, now=now())
    return opening_id, found


def test_income_of_the_running_year_is_no_result_of_earlier_ones(house: int) -> None:
    with writing():
        post([gift_entry(on=date(2026, 3, 1))], actor=SYSTEM, now=now())
    problems = brought(said(SHEET), date(2026, 6, 30)).problems
    assert [problem.field for problem in problems] == ["account", "on"]  # 1290 is not in the file


def test_an_unbalanced_opening_shows_its_difference_and_is_refused(house: int, sign_in: SignIn) -> None:
    finance = sign_in("finance")
    address = upload(finance, SHEET.replace("134,56", "34,56"))
    page = press(finance, address, "control", on="31-12-2025", control="1.234,56")
    assert "Debet en credit verschillen € 100,00" in page
    press(finance, address, "enter")
    assert row_of(address).state is OpeningState.READ
    assert db.session.execute(select(func.count()).select_from(JournalEntry)).scalar() == 0


def test_a_closed_month_takes_no_opening(house: int, sign_in: SignIn) -> None:
    finance = sign_in("finance")
    address = upload(finance, SHEET)
    with writing():
        periods.close(date(2025, 12, 1), actor=SYSTEM, now=now())
    page = press(finance, address, "control", on="31-12-2025", control="1.234,56")
    assert row_of(address).booked_on is None
    assert page


def test_the_bank_equals_its_statements_from_the_opening_on(house: int) -> None:
    opening_id, found = chosen(SHEET, 123456)
    with writing():
        services.enter_balances(opening_id, found, version=2, actor=SYSTEM, now=now())
    told = reconcile()
    assert (told.ledger, told.opened, told.by_hand_cents, told.by_hand) == (123456, 123456, 0, [])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(min_value=-(10**9), max_value=10**9), min_size=1, max_size=8))
def test_what_a_sheet_comes_to_is_the_sum_of_its_rows(house: int, amounts: list[int]) -> None:
    """In whole cents, whatever the rows: debit less credit is the difference, and the lines carry it."""
    rows = "".join(
        f"{'0500' if n % 2 else '0510'};;;;;{cents / 100:.2f};\n".replace(".", ",") for n, cents in enumerate(amounts)
    )
    file = (HEAD + rows).encode()
    stored = reading.keep(OpeningKind.BALANCES, file, "begin.csv")
    row = Opening(kind=OpeningKind.BALANCES, filename="begin.csv", media_type=stored.media_type, sha256=stored.sha256)
    found = reading.read(row)
    assert isinstance(found, balances.Reading)
    assert found.difference == sum(amounts) == sum(line.cents for line in found.lines)
    assert found.debit_cents == sum(max(cents, 0) for cents in amounts)


def test_the_command_takes_a_sheet_in_and_tries_it_first(house: int, app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "begin.csv"
    file.write_text(SHEET)
    run = app.test_cli_runner().invoke
    given = ["openings", "take", str(file), "--kind", "balances", "--on", "2025-12-31", "--control", "1.234,56"]
    assert run(args=[*given, "--dry-run"]).exit_code == 0
    assert db.session.execute(select(func.count()).select_from(JournalEntry)).scalar() == 0
    wrong = run(args=[*given[:-1], "1,00"])
    assert (wrong.exit_code, "controletotaal" in wrong.output) == (1, True)
    db.session.rollback()
    assert run(args=given).exit_code == 0
    twice = run(args=given)
    assert (twice.exit_code, "al eerder opgenomen" in twice.output or "telt al" in twice.output) == (1, True)
    db.session.rollback()
    assert queries.balances()["1100"].cents == 123456


def test_the_template_can_be_taken_in_as_it_is(sign_in: SignIn, app: Flask) -> None:
    make_organisation()
    with writing():
        ensure_chart()
    client = sign_in("finance")
    sheet = client.get("/finance/openings/template/balances.csv").get_data(as_text=True)
    found = said(sheet.removeprefix("\ufeff"))
    assert (found.rows, found.debit_cents, list(found.problems)) == (3, 125_000, [])
