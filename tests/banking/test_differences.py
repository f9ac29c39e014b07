"""Whether statements come to what was entered of them: no false alarm, and the cost of a file's own days alone."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from itertools import permutations

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, select

from app.banking import imports
from app.banking.differences import Off, off_of
from app.banking.models import BankEntry, BankFile, BankLine
from app.banking.reconciliation import AccountLines, reconcile
from app.base.actor import SYSTEM
from app.extensions import db, writing
from tests.banking.files import OWN, Pay, camt
from tests.factories.organisation import make_organisation

pytestmark = pytest.mark.usefixtures("organisation")


@pytest.fixture
def organisation(app: Flask) -> int:
    return make_organisation()


def take(content: bytes, now: datetime) -> list[Off]:
    """What the file is off, once it is in."""
    done = imports.take(io.BytesIO(content), "bank.xml", actor=SYSTEM, now=now)
    assert done.checked.error is None
    return off_of(done.file_id)


def day(number: int, opening: int, *cents: int, on: Sequence[int] = ()) -> bytes:
    """The statement of a day in November, each with lines of its own (`on`: booked on these days)."""
    days = [f"2026-11-{each:02d}" for each in (*on, *[number] * (len(cents) - len(on)))]
    pays = [Pay(each, f"R{number}-{opening}-{n}", on=days[n]) for n, each in enumerate(cents)]
    return camt(pays, opening=opening, statement=f"S{number}-{opening}", on=f"2026-11-{number:02d}")


def account() -> AccountLines:
    [found] = reconcile().accounts
    return found


def assert_whole(statement: int, before: int) -> None:
    found = account()
    assert (found.statement, found.before, found.state.gaps, found.off) == (statement, before, [], 0)


MONTH = [Pay(1000, "R1", on="2026-11-02"), Pay(500, "R18-2000-0", on="2026-11-18"), Pay(70, "R20-2500-0")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_month_beside_its_last_days_is_whole(now: datetime, order: tuple[int, ...]) -> None:
    files = [day(18, 2000, 500), day(20, 2500, 70), camt(MONTH, opening=1000, statement="M")]
    assert take(day(1, 900, 100), now) == []
    taken = [take(files[each], now) for each in order]
    assert taken == [[]] * 3
    assert_whole(2570, 900)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("later", [(1500, 30, -5), (1500,)])
def test_a_statement_that_begins_on_an_earlier_day_may_follow_on_another(
    now: datetime, order: tuple[int, ...], later: tuple[int, ...]
) -> None:
    """It tells of a line of the day before, or has none and an opening balance of then."""
    second = day(20, *later, on=(19,)) if len(later) > 1 else day(20, *later).replace(b"2026-11-20", b"2026-11-19", 1)
    files = [day(20, 1000, 500), second]
    assert [take(files[each], now) for each in order][-1] == []
    assert_whole(sum(later), 1000)


def test_lines_of_days_without_a_statement_are_no_difference(now: datetime) -> None:
    """A notification told of days before the first statement, and of one that is missing."""
    told = [Pay(700, "N1", on="2026-11-10"), Pay(50, "N2", on="2026-11-19")]
    assert take(camt(told, version="camt.054.001.08"), now) == []
    assert take(day(18, 1000, 500), now) == []
    assert take(day(20, 1550, 70), now) == []
    assert account().off == 0


def test_a_line_that_is_not_there_or_twice_is_told_with_the_file_of_its_day_alone(now: datetime) -> None:
    assert take(day(18, 1000, 500, 20), now) == []
    gone = select(func.max(BankEntry.id)).scalar_subquery()
    with writing():
        db.session.execute(delete(BankLine).where(BankLine.entry_id == gone))
        db.session.execute(delete(BankEntry).where(BankEntry.id == gone))
    file_id = db.session.execute(select(BankFile.id)).scalar_one()
    assert off_of(file_id) == [Off(OWN, 20)]
    assert take(day(19, 1520, 1), now) == []
    assert account().off == 20


def test_the_number_of_statements_is_constant(app: Flask, now: datetime) -> None:
    seen: list[str] = []

    def counted(*content: bytes) -> int:
        for each in content:
            take(each, now)
        file_id = db.session.execute(select(func.max(BankFile.id))).scalar_one()
        event.listen(db.engine, "before_cursor_execute", note)
        off_of(file_id)
        event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    def note(*told: object) -> None:
        seen.append(str(told[2]))

    assert counted(day(2, 0, 1)) == 3
    seen.clear()
    assert counted(*(day(n, n - 2, 1) for n in range(3, 19))) == 3
    assert not any("bank_entry" in each and "booked_on BETWEEN" not in each for each in seen)


def test_statements_of_a_day_that_come_again_cost_no_question_each(app: Flask, now: datetime) -> None:
    parts = [day(20, 1000 * n, 1000).decode() for n in range(60)]
    begin, end = parts[0].index("<Stmt>"), parts[0].index("</Stmt>") + len("</Stmt>")
    whole = parts[0][:begin] + "".join(each[each.index("<Stmt>") : each.index("</Stmt>") + 7] for each in parts)
    whole = (whole + parts[0][end:]).replace("R20", "R").encode()
    assert take(whole, now) == []
    seen: list[object] = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    assert take(whole + b" ", now) == []
    assert len(seen) < 60
    assert_whole(60_000, 0)
