"""Closing months for booking, and opening them again. Called inside the transaction of the service that does it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import func, select

from app.audit.services import record
from app.base.actor import Actor
from app.base.dates import add_months, local_date, month_start
from app.base.errors import Invalid, Refused
from app.base.states import N_
from app.extensions import db
from app.ledger.models import FiscalPeriod, PeriodState
from app.ledger.queries import booked_months, closed_months

_LOCKS = 0x64_76_70  # the space of our advisory locks on months


class PeriodClosed(Refused):
    """The day lies in a closed month. A form can ask for another one."""


def refuse_closed(days: Iterable[date]) -> None:
    """Raise PeriodClosed for a day in a closed month; from here on none of these is closed before we commit."""
    months = {month_start(day) for day in days}
    _lock(months, shared=True)
    for month in sorted(closed_months(months)):
        raise PeriodClosed(N_("The period %(period)s is closed: choose a later booking date."), period=f"{month:%m-%Y}")


def first_open(day: date, closed: set[date]) -> date:
    """The day itself, or the first day of the first month after it that is open."""
    while (month := month_start(day)) in closed:
        day = add_months(month, 1)
    return day


def open_days(days: Iterable[date], today: date) -> dict[date, date]:
    """`first_open` of each: for what a provider tells late, which nobody can give a later date. Nothing is asked of
    the database for days of this month, which is never closed."""
    days = set(days)
    late = {month_start(day) for day in days if day < month_start(today)}
    closed = closed_months() if late and closed_months(late) else set()
    return {day: first_open(day, closed) for day in days}


def last_closed() -> date | None:
    """The newest closed month."""
    return db.session.execute(
        select(func.max(FiscalPeriod.month)).where(FiscalPeriod.state == PeriodState.CLOSED)
    ).scalar()


def close(month: date, *, actor: Actor, now: datetime) -> None:
    """Nothing is booked in `month` (its first day) any more. Months close in their order.

    Raises Invalid for a month that is not over, Refused where an earlier one with bookings is open.
    """
    if month != month_start(month):
        raise Invalid(N_("A period is a whole month."), field="month")
    if add_months(month, 1) > local_date(now):
        raise Invalid(N_("This month is not over yet."), field="month")
    _lock([month], shared=False)
    earlier = open_before(month)
    if earlier is not None:
        raise Refused(N_("Close %(period)s first: months close in their order."), period=f"{earlier:%m-%Y}")
    _move(month, PeriodState.CLOSED)
    record("period.closed", _subject(month), actor=actor, now=now, changes={"month": f"{month:%Y-%m}"})


def reopen(month: date, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let bookings into `month` again. Raises Invalid without a reason, Refused unless it is the last closed month."""
    if not reason.strip():
        raise Invalid(N_("Say why this month has to be opened again: the auditor will ask."), field="reason")
    _lock([month], shared=False)
    last = last_closed()
    if last is not None and last > month:
        raise Refused(N_("Open %(period)s first: a later month builds on this one."), period=f"{last:%m-%Y}")
    _move(month, PeriodState.OPEN)
    told = {"month": f"{month:%Y-%m}", "reason": reason.strip()}
    record("period.reopened", _subject(month), actor=actor, now=now, changes=told)


def _subject(month: date) -> tuple[str, int]:
    return "fiscal_period", month.year * 100 + month.month


def open_before(month: date) -> date | None:
    """The first month before this one that has to be closed first; None where this one may be closed."""
    booked = booked_months()
    if booked is None:
        return None
    last = last_closed()
    first = booked[0] if last is None else max(booked[0], add_months(last, 1))
    return first if first < month else None


def _move(month: date, to: PeriodState) -> None:
    row = db.session.execute(select(FiscalPeriod).where(FiscalPeriod.month == month)).scalar_one_or_none()
    if (row.state if row else PeriodState.OPEN) is to:
        raise Refused(N_("This month is closed already.") if to is PeriodState.CLOSED else N_("This month is open."))
    if row is None:
        db.session.add(FiscalPeriod(month=month, state=to))
    else:
        row.state = to
    db.session.flush()


def _lock(months: Iterable[date], *, shared: bool) -> None:
    """On PostgreSQL who books and who closes wait for each other; on SQLite one writes at a time anyway."""
    if db.engine.dialect.name != "postgresql":
        return
    take = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    for month in sorted(months):
        db.session.execute(select(take(_LOCKS, month.year * 100 + month.month)))
