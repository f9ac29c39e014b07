"""How fast a grant is spent: the S-curve and the pace. Plain arithmetic on cents and days.

Pace: per cent of the budget spent less per cent of the period elapsed, in points. Within 10 points
a grant is on course, within 20 it is to be watched, beyond that it is at risk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.base.dates import add_months, month_end, month_start
from app.base.states import N_, Labelled

WATCH, RISK = 0.10, 0.20  # points of pace


class Band(Labelled):
    NOT_BEGUN = "not_begun", N_("Not begun yet")
    ON_COURSE = "on_course", N_("On course")
    WATCH = "watch", N_("Keep an eye on it")
    RISK = "risk", N_("At risk")


@dataclass(frozen=True, slots=True)
class Curve:
    """Months of the period with what was to be spent by their end, what was (None: still to come), and the bands."""

    months: list[date]
    planned: list[int]
    actual: list[int | None]
    low: list[int]
    high: list[int]


@dataclass(frozen=True, slots=True)
class Pace:
    """Shares from 0 to 1 (spent may be more); `points` is their difference."""

    spent: float
    elapsed: float

    @property
    def points(self) -> float:
        return self.spent - self.elapsed

    @property
    def band(self) -> Band:
        if not self.elapsed:
            return Band.NOT_BEGUN
        off = abs(self.points)
        return Band.ON_COURSE if off <= WATCH else Band.WATCH if off <= RISK else Band.RISK


def elapsed(starts_on: date, ends_on: date, today: date) -> float:
    """The share of the period that is over at the end of today."""
    whole = (ends_on - starts_on).days + 1
    return min(max(((today - starts_on).days + 1) / whole, 0.0), 1.0)


def pace(spent_cents: int, budget_cents: int, starts_on: date, ends_on: date, today: date) -> Pace:
    return Pace(spent_cents / budget_cents if budget_cents else 0.0, elapsed(starts_on, ends_on, today))


def smooth(share: float) -> float:
    """How far work usually is when this share of the time is over: slow, fast, slow."""
    return share * share * (3 - 2 * share)


def curve(by_month: Mapping[date, int], budget_cents: int, starts_on: date, ends_on: date, today: date) -> Curve:
    """The S-curve by month. What was spent before the period counts in its first month, and what was
    spent after it in its last."""
    first, last = month_start(starts_on), month_start(ends_on)
    months = [first]
    while months[-1] < last:
        months.append(add_months(months[-1], 1))
    sums: dict[date, int] = {}
    for month, cents in by_month.items():
        key = min(max(month, first), last)
        sums[key] = sums.get(key, 0) + cents
    planned, low, high = [], [], []
    actual: list[int | None] = []
    total = 0
    for month in months:
        share = elapsed(starts_on, ends_on, month_end(month))
        planned.append(round(budget_cents * smooth(share)))
        low.append(round(budget_cents * max(smooth(share) - WATCH, 0.0)))
        high.append(round(budget_cents * min(smooth(share) + WATCH, 1.0)))
        total += sums.get(month, 0)
        # The last month holds what came after the period, so it is known once anything is.
        actual.append(total if month <= today or (month == last and sums.get(last)) else None)
    return Curve(months, planned, actual, low, high)
