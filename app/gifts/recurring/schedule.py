"""When a recurring gift falls due and when it is collected. Pure functions of calendar days.

The donor wishes a day of the month; a 31st is the last day of a shorter month, so every month has
its day and a monthly gift is collected twelve times a year. Days are those of Amsterdam, so no
clock change moves them. What is collected goes to the first TARGET day on or after the wish.
"""

from __future__ import annotations

from datetime import date, timedelta

from app.base.business_days import is_bank_day
from app.base.dates import add_months, month_start
from app.gifts.recurring.states import Frequency


def period_of(due: date) -> date:
    """The period that an instalment is for: the first of the month in which it falls due."""
    return month_start(due)


def due_in(period: date, day: int) -> date:
    """The wished day in this month, or its last day."""
    return add_months(month_start(period), 0, anchor=day)


def following(due: date, frequency: Frequency, day: int) -> date:
    """The due day after this one."""
    return add_months(month_start(due), frequency.months, anchor=day)


def first_due(started_on: date, frequency: Frequency, day: int) -> date:
    """The first due day after an instalment that was paid when the gift began."""
    return following(started_on, frequency, day)


def due_on_or_after(known: date, on: date, frequency: Frequency, day: int) -> date:
    """The first due day on or after `on`, in step with `known`, one of the due days."""
    apart = (on.year - known.year) * 12 + on.month - known.month
    steps = apart // frequency.months
    due = add_months(month_start(known), steps * frequency.months, anchor=day)
    return due if due >= on else following(due, frequency, day)


def collect_day(due: date, not_before: date | None = None) -> date:
    """The TARGET day on which it is collected: on or after the due day, and not before that other day."""
    on = max(due, not_before) if not_before else due
    while not is_bank_day(on):
        on += timedelta(days=1)
    return on
