"""Counting back from a deadline in working days: pure, so that any chain can be tried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from app.base.business_days import (
    add_business_days,
    business_day_on_or_after,
    business_days_between,
    is_business_day,
)

_DAY = timedelta(days=1)


class Step(Protocol):
    @property
    def days_before(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a day lies before its deadline, negative after it: in working days, or in calendar days
    for a free day that somebody chose."""

    days: int
    working: bool = True

    @classmethod
    def between(cls, day: date, deadline: date) -> Distance:
        """The distance that counts back from this deadline to exactly this day."""
        if not is_business_day(day):
            return cls((deadline - day).days, working=False)
        if day > deadline:
            return cls(-business_days_between(deadline, day))
        return cls(business_days_between(day - _DAY, deadline - _DAY))

    def day(self, deadline: date) -> date:
        if self.working:
            return add_business_days(deadline, -self.days)
        return deadline - timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Planned:
    """A step with its day. `late` says that the day counted back lies before today: it starts at once."""

    step: int  # its place in the steps given
    due_on: date
    late: bool = False


def backwards(due_on: date, steps: Sequence[Step], *, today: date) -> list[Planned]:
    """The day of each step, earliest first: that many working days before `due_on`.

    A step without days falls on the deadline itself, or on the last working day before it. What
    should have been done before today is planned for the next working day, but never after the deadline.
    """
    soonest = min(business_day_on_or_after(today), due_on)
    planned = []
    for place, step in enumerate(steps):
        day = add_business_days(due_on, -step.days_before)
        planned.append(Planned(place, max(day, soonest), day < today))
    return sorted(planned, key=lambda each: (each.due_on, -steps[each.step].days_before, each.step))
