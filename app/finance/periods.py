"""Fiscal years, and the from and to of an export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from app.base.dates import add_months, days
from app.base.errors import Invalid
from app.base.states import N_
from app.ui.fields import parse_date

QUARTERS = ("q1", "q2", "q3", "q4")
FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to `end`, both included."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """Twelve months from `start`; named after the year in which it begins."""

    year: int
    start: date

    @property
    def end(self) -> date:
        """The first day after it."""
        return add_months(self.start, 12)

    @property
    def period(self) -> Period:
        """Its days."""
        return Period(self.start, self.end - days(1))

    @property
    def months(self) -> list[date]:
        return [add_months(self.start, index) for index in range(12)]

    @property
    def before(self) -> FiscalYear:
        return fiscal_year(self.year - 1, self.start.month)


def fiscal_year(year: int, first_month: int) -> FiscalYear:
    return FiscalYear(year, date(year, first_month, 1))


def fiscal_year_of(day: date, first_month: int) -> FiscalYear:
    return fiscal_year(day.year if day.month >= first_month else day.year - 1, first_month)


@dataclass(frozen=True, slots=True)
class Span:
    """A fiscal year, a quarter of it (`part` is "q1" to "q4") or a month ("2026-03")."""

    year: FiscalYear
    part: str
    start: date
    end: date  # the first day after it

    @property
    def months(self) -> list[date]:
        return [month for month in self.year.months if self.start <= month < self.end]

    @property
    def before(self) -> Span:
        """The same months a year earlier."""
        part = f"{int(self.part[:4]) - 1}{self.part[4:]}" if "-" in self.part else self.part
        return span_of(self.year.before, part)

    @property
    def query(self) -> dict[str, Any]:
        """What names it in an address of the journal or of a report."""
        return {"year": self.year.year, **({"month": self.part} if self.part else {})}


def span_of(year: FiscalYear, part: str) -> Span:
    """Raises ValueError where `part` is no part of a year."""
    if not part:
        return Span(year, "", year.start, year.end)
    if part in QUARTERS:
        start = year.months[3 * QUARTERS.index(part)]
        return Span(year, part, start, add_months(start, 3))
    if len(part) != 7:
        raise ValueError("not a part of a year")
    month = date.fromisoformat(f"{part}-01")
    return Span(year, part, month, add_months(month, 1))


def read_period(start: str | None, end: str | None, *, today: date) -> Period:
    """From what was given in `from` and `to`; without them this calendar year.

    One given completes the other within its year. Raises Invalid with the name of the field.
    """
    first = _day(start, "from", N_("From"))
    last = _day(end, "to", N_("To (included)"))
    year = (first or last or today).year
    period = Period(first or date(year, 1, 1), last or date(year, 12, 31))
    if period.end < period.start:
        raise Invalid(N_("The last day lies before the first: turn them round."), field="to")
    return period


def _day(text: str | None, field: str, label: str) -> date | None:
    if text is None or not text.strip():
        return None
    try:
        day = parse_date(text.strip()[:20])
    except ValueError:
        raise Invalid(
            N_("%(name)s: “%(text)s” is not a date. Write it like 2026-01-31 or 31-01-2026."),
            field=field, name=label, text=text.strip()[:20],
        ) from None  # fmt: skip
    if not FIRST <= day <= LAST:
        raise Invalid(N_("%(name)s: choose a date between 2000 and 2100."), field=field, name=label)
    return day
