"""Each line of a statement is in the ledger once, and the ledger's bank balance equals the statement."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest
from flask import Flask

from app.banking import booking, imports
from app.banking.reconciliation import reconcile
from app.base.actor import SYSTEM
from app.base.money import Money
from app.extensions import db, writing
from app.gifts import by_hand
from app.ledger import queries as ledger
from app.ledger.checks import run
from app.ledger.models import FiscalPeriod, PeriodState
from app.organisation.models import BankAccount, BookedBy
from tests.banking.files import Pay, batch_details, camt
from tests.factories.gifts import promised_gift
from tests.factories.organisation import make_organisation

pytestmark = pytest.mark.usefixtures("organisation")


@pytest.fixture
def organisation(app: Flask) -> int:
    return make_organisation()


def take(content: bytes, now: datetime) -> imports.Imported:
    return imports.take(io.BytesIO(content), "bank.xml", actor=SYSTEM, now=now)


def balances() -> dict[str, int]:
    return {code: b.cents for code, b in ledger.balances().items() if b.cents}


def close(month: date, state: PeriodState = PeriodState.CLOSED) -> None:
    with writing() as session:
        session.query(FiscalPeriod).filter_by(month=month).delete()
        session.add(FiscalPeriod(month=month, state=state))


PAYS = [Pay(2500, "R1"), Pay(-1250, "R2"), Pay(3000, "B", details=batch_details(1000, 2000))]


def test_each_line_books_bank_against_suspense_once(now: datetime) -> None:
    for statement in ("S1", "S1", "S2"):
        take(camt(PAYS, statement=statement), now)
    assert balances() == {"1100": 4250, "2900": -4250}
    assert not any(outcome.problems for outcome in run())
    found = reconcile()
    assert (found.statements, found.ledger, found.suspense) == (104_250, 4250, 4250)
    assert (found.equal, found.unexplained) == (True, 0), "but for what was there before the first statement"


def test_what_was_recorded_by_hand_before_the_first_statement_is_in_its_opening_balance(now: datetime) -> None:
    gifts = {cents: promised_gift(cents) for cents in (7000, 500)}
    with writing():
        for day, cents in ((18, 7000), (20, 500)):
            by_hand.receive(gifts[cents], amount=Money(cents), received_on=date(2026, 11, day),
                            bank_reference="", actor=SYSTEM, now=now)  # fmt: skip
    take(camt(PAYS, opening=7000, on="2026-11-19"), now)
    found = reconcile()
    assert (found.earlier, found.by_hand_cents, [each.cents for each in found.by_hand]) == (7000, 500, [500])
    assert {type(cents) for cents in (found.earlier, found.by_hand_cents, found.opened)} == {int}
    assert (found.off, found.equal, found.unexplained) == (500, False, 0), "a later one should come on a statement"


def test_where_the_accounting_package_books_the_bank_we_have_its_clearing_account(now: datetime) -> None:
    with writing() as session:
        session.query(BankAccount).update({BankAccount.booked_by: BookedBy.ACCOUNTING})
    take(camt(PAYS), now)
    assert balances() == {"1190": 4250, "2900": -4250}
    found = reconcile()
    assert (found.accounts, found.others[0].booked, found.ledger) == ([], 4250, 0)


@pytest.mark.parametrize("first", list(BookedBy))
def test_an_account_that_changed_hands_is_told_by_what_stands_on_either_account(now: datetime, first: BookedBy) -> None:
    later = next(each for each in BookedBy if each is not first)
    for number, booked_by in enumerate((first, later)):
        with writing() as session:
            session.query(BankAccount).update({BankAccount.booked_by: booked_by})
        pay = Pay(2500 + number, f"R{number}", on=f"2026-11-2{number}")
        take(camt([pay], statement=f"S{number}", on=pay.on, opening=100_000 + 2500 * number), now)
    found = reconcile()
    (account,) = found.accounts or found.others
    assert (account.booked, account.elsewhere, account.off, found.unexplained) == (5001, 2500, 0, 0)
    assert balances()["1190" if later is BookedBy.ACCOUNTING else "1100"] == account.booked - account.elsewhere


def test_a_batch_told_in_parts_later_stays_booked_once(now: datetime) -> None:
    take(camt([Pay(3000, "B", details=batch_details())]), now)
    take(camt([Pay(3000, "B", details=batch_details(1000, 2000))], statement="S2"), now)
    assert balances() == {"1100": 3000, "2900": -3000}


@pytest.mark.parametrize("opened", [True, False])
def test_what_falls_in_a_closed_period_waits_and_is_told(now: datetime, opened: bool) -> None:
    close(date(2026, 10, 1))
    pays = [Pay(2500, "R1", on="2026-10-30"), Pay(700, "R2", on="2026-11-02")]
    assert take(camt(pays), now).new == 2
    assert balances() == {"1100": 700, "2900": -700}
    found = reconcile()
    assert (found.equal, found.unexplained, found.accounts[0].waiting, booking.waiting()) == (False, 0, 2500, (1, 2500))
    if opened:
        close(date(2026, 10, 1), PeriodState.OPEN)
        take(camt([Pay(100, "R3", on="2026-11-21")], opening=103_200, on="2026-11-21", statement="S2"), now)
    else:
        with writing():
            assert booking.book_waiting(actor=SYSTEM, now=now) == 0
        with writing():
            assert booking.book_waiting(later=True, actor=SYSTEM, now=now) == 1
    assert booking.waiting() == (0, 0)
    assert reconcile().equal
    days = {row.booked_on for row in db.session.execute(ledger.lines(ledger.LineFilter())).scalars()}
    assert (date(2026, 10, 30) in days) is opened
    assert date(2026, 11, 1) in days or opened


def test_what_differs_is_told_line_by_line(now: datetime) -> None:
    take(camt([Pay(2500, "R1", on="2026-11-18")], on="2026-11-18", statement="S1"), now)
    take(camt([Pay(100, "R3", on="2026-11-20")], opening=109_900, statement="S3"), now)
    take(camt([Pay(60, "R4", on="2026-11-21")], version="camt.054.001.08", statement="N1"), now)
    found = reconcile()
    account = found.accounts[0]
    assert (account.missing, account.later, account.off) == (7400, 60, 0)
    assert (found.difference, found.unexplained) == (60 - 7400 - 100_000, 0)
