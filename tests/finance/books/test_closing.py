"""Closing months: in order, for good, with a file that can be made again."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.base.actor import SYSTEM
from app.base.errors import DomainError, Invalid, Refused
from app.extensions import db, now, writing
from app.finance.books import closing
from app.finance.books.models import PeriodClosing
from app.jobs.services import run_due
from app.ledger import services
from app.ledger.models import FiscalPeriod, JournalEntry, PeriodState
from tests.conftest import SettableClock
from tests.factories.ledger import gift_entry
from tests.factories.organisation import make_organisation
from tests.support.client import Client

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)


def book(number: int, on: date) -> int:
    with writing():
        (entry_id,) = services.post([gift_entry(number, on=on)], actor=SYSTEM, now=now())
    return entry_id


def close(*months: date) -> list[int]:
    made = []
    for month in months:
        with writing():
            made.append(closing.close(month, actor=SYSTEM, now=now()))
    run_due()
    db.session.rollback()
    return made


def standing(month: date) -> PeriodClosing:
    found = closing.last_closing(month)
    assert found is not None
    return found


def test_a_closed_month_takes_no_booking_and_keeps_its_file(app: Flask) -> None:
    book(1, date(2026, 10, 5))
    book(2, date(2026, 11, 5))
    close(OCTOBER)
    with pytest.raises(Refused, match="10-2026"):
        book(3, date(2026, 10, 31))
    row = standing(OCTOBER)
    content = closing.content(row)
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert (row.lines, row.debit_cents, row.size) == (2, 2500, len(content))
    text = content.decode()
    assert "2026-10-05,gift_received,1,1290,2500,0" in text
    assert "2026-11" not in text


def test_the_file_made_again_is_the_same_byte_for_byte(app: Flask) -> None:
    for number in range(40):
        book(number, date(2026, 10, 1 + number % 30))
    close(OCTOBER)
    with writing():
        services.map_account("1290", rgs_code="BLimBan", outside_code="1010", actor=SYSTEM, now=now())
    assert not closing.differs(standing(OCTOBER))
    runner = app.test_cli_runner()
    said = runner.invoke(args=["books", "verify"])
    assert said.exit_code == 0, said.output
    assert "2026-10  ok" in said.output


def test_books_changed_behind_our_back_are_found(app: Flask) -> None:
    book(1, date(2026, 10, 5))
    (closing_id,) = close(OCTOBER)
    with writing():
        db.session.get_one(PeriodClosing, closing_id).sha256 = "0" * 64
    said = app.test_cli_runner().invoke(args=["books", "verify"])
    assert said.exit_code == 1
    assert "2026-10  DIFFERS" in said.output


def test_months_close_in_order_when_they_are_over(app: Flask) -> None:
    book(1, date(2026, 9, 5))
    with pytest.raises(Refused, match="09-2026"):
        close(OCTOBER)
    with pytest.raises(Invalid, match="not over"):
        close(NOVEMBER)
    with pytest.raises(Invalid, match="whole month"):
        close(date(2026, 9, 2))
    close(SEPTEMBER, OCTOBER)
    with pytest.raises(Refused, match="closed already"):
        close(OCTOBER)


def test_a_month_opens_again_from_the_last_with_a_reason_and_closes_as_a_second(app: Flask) -> None:
    book(1, date(2026, 9, 5))
    close(SEPTEMBER, OCTOBER)

    def reopen(month: date, reason: str) -> None:
        with writing():
            closing.reopen(month, reason=reason, actor=SYSTEM, now=now())

    for month, reason, error in [
        (SEPTEMBER, "late gift", "10-2026"),
        (OCTOBER, "  ", "why"),
        (date(2026, 8, 1), "x", "10-2026"),
    ]:
        with pytest.raises(DomainError, match=error):
            reopen(month, reason)
    reopen(OCTOBER, "a late transfer")
    with pytest.raises(Refused, match="is open"):
        reopen(OCTOBER, "again")
    book(2, date(2026, 10, 6))
    close(OCTOBER)
    rows = db.session.execute(select(PeriodClosing).where(PeriodClosing.month == OCTOBER)).scalars().all()
    assert sorted((row.number, row.reason, row.lines) for row in rows) == [(1, "a late transfer", 0), (2, "", 2)]


def test_a_file_not_made_yet_says_so_and_is_made_once(app: Flask) -> None:
    with writing():
        closing_id = closing.close(OCTOBER, actor=SYSTEM, now=now())
    row = db.session.get_one(PeriodClosing, closing_id)
    with pytest.raises(DomainError, match="being made"):
        closing.content(row)
    with pytest.raises(Refused, match="being made"), writing():
        closing.reopen(OCTOBER, reason="too soon", actor=SYSTEM, now=now())
    closing.keep_file({"closing_id": str(closing_id)})
    first = standing(OCTOBER).sha256
    closing.keep_file({"closing_id": str(closing_id)})
    assert standing(OCTOBER).sha256 == first


@pytest.mark.databases("postgresql")
def test_who_closes_waits_for_who_books(app: Flask) -> None:
    """Without the lock the entry would be committed into a month that was closed meanwhile."""
    booked, closed = threading.Event(), []

    def close_meanwhile() -> None:
        with app.app_context():
            booked.wait(10)
            with writing():
                closing.close(OCTOBER, actor=SYSTEM, now=now())
                closed.append(db.session.execute(select(JournalEntry.id)).scalars().all())
            db.session.remove()

    thread = threading.Thread(target=close_meanwhile)
    thread.start()
    with writing():
        services.post([gift_entry(1, on=date(2026, 10, 5))], actor=SYSTEM, now=now())
        booked.set()
        time.sleep(0.3)
        assert not closed, "it closed before the booking was committed"
    thread.join(10)
    assert len(closed[0]) == 1, "the closing sees what was booked before it"


@pytest.fixture
def house(app: Flask, clock: SettableClock) -> None:
    make_organisation()
    book(1, date(2026, 10, 5))


def test_finance_closes_and_only_an_administrator_opens_again(sign_in: Callable[[str], Client], house: None) -> None:
    client = sign_in("finance")
    assert "Oktober 2026" in client.get("/finance/months?year=2026").text
    page = client.get("/finance/months/2026-10").text
    assert "Maand afsluiten" in page
    assert "Kruisposten demobank" in page, "what still has to be explained before closing"
    assert client.post("/finance/months/2026-10/close").status_code == 303
    run_due()
    page = client.get("/finance/months/2026-10").text
    assert "journal-2026-10-1.csv" in page
    assert "Weer openen" not in page
    assert client.get("/finance/months/2026-10/reopen").status_code == 403
    file = client.get(f"/finance/closings/{standing(OCTOBER).id}/csv")
    assert file.data == closing.content(standing(OCTOBER))
    admin = sign_in("admin")
    assert "Weer openen" in admin.get("/finance/months/2026-10").text
    assert admin.post("/finance/months/2026-10/reopen", data={"reason": ""}).status_code == 422
    assert admin.post("/finance/months/2026-10/reopen", data={"reason": "gift te laat gezien"}).status_code == 303
    assert "gift te laat gezien" in admin.get("/finance/months/2026-10").text


def test_months_before_it_are_closed_with_it_as_the_page_says(sign_in: Callable[[str], Client], app: Flask) -> None:
    book(1, date(2026, 8, 5))
    client = sign_in("finance")
    page = client.get("/finance/months/2026-10").text
    assert "Tot en met deze maand afsluiten" in page
    assert "Augustus 2026" in page or "augustus 2026" in page
    assert client.post("/finance/months/2026-10/close", data={"from": "2026-09"}).status_code == 409
    assert client.post("/finance/months/2026-10/close", data={"from": "2026-08"}).status_code == 303
    states = db.session.execute(select(FiscalPeriod.month, FiscalPeriod.state).order_by(FiscalPeriod.month)).all()
    assert [(row.month.month, row.state) for row in states] == [(m, PeriodState.CLOSED) for m in (8, 9, 10)]
    assert "Maand afsluiten" not in client.get("/finance/months/2026-10").text


def test_months_after_it_open_with_it_latest_first_each_with_the_reason(
    sign_in: Callable[[str], Client], app: Flask, clock: SettableClock
) -> None:
    book(1, date(2026, 8, 5))
    close(date(2026, 8, 1), SEPTEMBER)
    admin = sign_in("admin")
    address, kept = "/finance/months/2026-08/reopen", standing(SEPTEMBER).sha256
    form = {"last": "2026-09", "reason": "jaarafsluiting"}
    assert "september 2026" in admin.get(address).text
    close(OCTOBER)  # meanwhile, by somebody else: nobody said that it may open too
    assert admin.post(address, data=form).status_code == 422
    assert standing(SEPTEMBER).reopened_at is None
    assert admin.post(address, data=form | {"last": "2026-10"}).status_code == 303
    db.session.rollback()
    rows = db.session.execute(select(PeriodClosing).order_by(PeriodClosing.month)).scalars().all()
    assert [(row.month.month, row.reason, bool(row.sha256)) for row in rows] == [
        (8, "jaarafsluiting", True), (9, "jaarafsluiting", True), (10, "jaarafsluiting", True),
    ]  # fmt: skip
    assert standing(SEPTEMBER).sha256 == kept
    told = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "period.reopened").order_by(AuditEvent.id))
    assert [entry.subject_id for entry in told] == [202610, 202609, 202608]
    assert admin.post(address, data=form | {"last": "2026-10"}).status_code == 422, "they are open"


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "1999-12", "x", "2026-10-01", "9999-01"])
def test_no_month_is_not_there(sign_in: Callable[[str], Client], house: None, month: str) -> None:
    client = sign_in("admin")
    assert client.get(f"/finance/months/{month}").status_code == 404
    assert client.post(f"/finance/months/{month}/close").status_code == 404
