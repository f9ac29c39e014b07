"""Reading: what was booked in months, whether they are closed, and what was handed over of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from app.base.dates import add_months, month_start
from app.extensions import db
from app.finance.books.models import HandOver, PeriodClosing
from app.finance.openings import queries as openings
from app.finance.periods import FiscalYear
from app.ledger import queries, sums
from app.ledger.accounts import ACCOUNTING, CLEARING, SUSPENSE
from app.ledger.models import Account
from app.ledger.queries import closed_months


@dataclass(frozen=True, slots=True)
class Month:
    """`handed_over` counts lines that live hand-overs hold, `stays` those of opening balances, which are never handed
    over; `closing` is the newest one."""

    month: date  # its first day
    lines: int
    debit_cents: int
    closed: bool
    closing: PeriodClosing | None
    handed_over: int
    stays: int

    @property
    def left(self) -> int:
        """Lines that were not handed over yet."""
        return self.lines - self.handed_over - self.stays


def of_year(year: FiscalYear) -> list[Month]:
    """The twelve months, newest first."""
    return _between(year.start, year.end)


def one(month: date) -> Month:
    return _between(month, add_months(month, 1))[0]


def _between(start: date, end: date) -> list[Month]:
    both = sums.coarse().subquery()
    booked = {
        month: (int(lines), int(debit))
        for month, lines, debit in db.session.execute(
            select(both.c.month, func.sum(both.c.line_count), func.sum(both.c.debit_cents))
            .where(both.c.month >= start, both.c.month < end)
            .group_by(both.c.month)
        )
    }
    newest = {
        row.month: row
        for row in db.session.execute(
            select(PeriodClosing)
            .where(PeriodClosing.month >= start, PeriodClosing.month < end)
            .order_by(PeriodClosing.number)
        ).scalars()
    }
    handed = dict(
        db.session.execute(
            select(HandOver.month, func.sum(HandOver.line_total))
            .where(HandOver.month >= start, HandOver.month < end, HandOver.taken_back_at.is_(None))
            .group_by(HandOver.month)
        ).all()
    )
    stays: dict[date, int] = {}
    for _, day, lines in openings.entries(start, end):
        stays[month_start(day)] = stays.get(month_start(day), 0) + lines
    if opened := openings.latest():
        stays |= {month: lines for month, (lines, _) in booked.items() if month <= opened}
    months = [start]
    while (following := add_months(months[-1], 1)) < end:
        months.append(following)
    closed = closed_months(months)
    return [
        Month(m, *booked.get(m, (0, 0)), m in closed, newest.get(m), int(handed.get(m, 0)), stays.get(m, 0))
        for m in reversed(months)
    ]


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A suspense or clearing account on which money still stands, in cents, debit positive."""

    account: Account
    cents: int


def unexplained(month: date) -> list[Unexplained]:
    """What stands on suspense and clearing at the end of a month: to be looked at before it is closed."""
    balances = queries.balances(until=add_months(month, 1))
    asked = {SUSPENSE, ACCOUNTING, *CLEARING.values()}
    return [
        Unexplained(account, balances[account.code].cents)
        for account in queries.accounts()
        if account.code in asked and account.code in balances and balances[account.code].cents
    ]


def closings(month: date) -> list[PeriodClosing]:
    """All closings of a month, newest first."""
    mine = select(PeriodClosing).where(PeriodClosing.month == month).order_by(PeriodClosing.number.desc())
    return list(db.session.execute(mine).scalars())


def hand_overs(month: date) -> list[HandOver]:
    """All hand-overs of a month, those taken back too, newest first."""
    mine = select(HandOver).where(HandOver.month == month).order_by(HandOver.id.desc())
    return list(db.session.execute(mine).scalars())
