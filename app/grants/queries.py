"""What the cockpit asks of this room, in one place. Each function is a constant number of
set-based statements, however many grants and obligations there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Executable, case, func, select

from app.base.dates import add_months, days, month_start
from app.extensions import db
from app.grants.applications.models import OPEN_STAGES, Application
from app.grants.applications.queries import (
    Awaited,
    awaited_totals,
    decision_day,
    decisions_awaited,
    weighted,
)
from app.grants.awards.models import Grant, GrantState
from app.grants.instalments.models import EXPECTED, Instalment, Receipt
from app.grants.instalments.queries import Waiting, money_waiting, waiting_lines
from app.grants.obligations.queries import Due, due_counts, soonest
from app.grants.partners.due import soonest as partners_soonest
from app.grants.rounds.models import Round
from app.grants.rounds.queries import Line as RoundLine
from app.grants.rounds.queries import coming

__all__ = [
    "Awaited",
    "Due",
    "MonthExpected",
    "Waiting",
    "awaited_totals",
    "decisions_awaited",
    "due_counts",
    "expected_income",
    "money_waiting",
    "partners_soonest",
    "rounds_opening",
    "soonest",
    "to_confirm",
    "waiting_lines",
]


@dataclass(frozen=True, slots=True)
class MonthExpected:
    """Income expected in a month, in cents: agreed instalments, and beside them the pipeline by chance."""

    month: date
    agreed_cents: int
    weighted_cents: int


def expected_income(today: date, months: int = 12) -> list[MonthExpected]:
    """This month and the ones after it. What is late counts in this month: it can still come.

    Agreed: what is open on instalments of grants that are not closed, by expected date.
    Weighted: expected amount times chance of open applications, by the day of decision; those
    without a day are left out (they are in the pipeline's totals).
    """
    first = month_start(today)
    end = add_months(first, months)
    # What came already is few and taken off apart: asking it of each instalment took most of the time.
    closed = select(Grant.id).where(Grant.state == GrantState.CLOSED)
    expected = (Instalment.state.in_(EXPECTED), Instalment.expected_on < end, Instalment.grant_id.not_in(closed))
    counted_on = _counted_on(Instalment.expected_on, first)
    agreed = _by_month(
        select(counted_on, func.sum(Instalment.amount_cents)).where(*expected).group_by("counted_on"), first
    )
    received = _by_month(
        select(counted_on, func.sum(Receipt.amount_cents))
        .join_from(Receipt, Instalment)
        .where(*expected, Receipt.reversed_at.is_(None))
        .group_by("counted_on"),
        first,
    )
    pipeline = _by_month(
        select(_counted_on(decision_day(), first), func.sum(weighted()))
        .select_from(Application)
        .outerjoin(Round, Round.id == Application.round_id)
        .where(Application.stage.in_(OPEN_STAGES), decision_day() < end)
        .group_by("counted_on"),
        first,
    )
    wanted = [add_months(first, count) for count in range(months)]
    return [
        MonthExpected(month, agreed.get(month, 0) - received.get(month, 0), pipeline.get(month, 0)) for month in wanted
    ]


def rounds_opening(today: date, within: int = 60, limit: int = 20) -> list[RoundLine]:
    """Rounds that open or close within so many days."""
    return coming(today, today + days(within), limit)


def to_confirm() -> int:
    """Grants that wait for finance."""
    waiting = select(func.count()).where(
        Grant.confirmed_at.is_(None), Grant.state.not_in((GrantState.TERMINATED, GrantState.CLOSED))
    )
    return int(db.session.execute(waiting).scalar_one())


def _counted_on(day: Any, first: date) -> ColumnElement[date | None]:
    """The day, or NULL for whatever lies before the first: at most a year of days to add up, and no date
    to take apart for each row."""
    return case((day < first, None), else_=day).label("counted_on")


def _by_month(statement: Executable, first: date) -> dict[date, int]:
    """Sums by month; what lies before the first month counts in it."""
    sums: dict[date, int] = {}
    for day, cents in db.session.execute(statement):
        key = month_start(day) if day else first
        sums[key] = sums.get(key, 0) + int(cents)
    return sums
