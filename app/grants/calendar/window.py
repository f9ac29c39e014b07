"""The span of time a timeline shows, and where a day stands in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from app.base.business_days import holidays
from app.base.dates import add_months, days, format_long_date, month_name, month_start, short_month
from app.base.states import N_, Labelled


class Zoom(Labelled):
    MONTH = "month", N_("Month")
    QUARTER = "quarter", N_("Quarter")
    YEAR = "year", N_("Year")
    YEARS = "years", N_("Five years")


_MONTHS = {Zoom.MONTH: 1, Zoom.QUARTER: 3, Zoom.YEAR: 12, Zoom.YEARS: 60}
_BEFORE = {Zoom.MONTH: 0, Zoom.QUARTER: 0, Zoom.YEAR: 2}  # months shown before today's
FIRST, LAST = date(1990, 1, 1), date(2150, 1, 1)


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis, at `x` per cent; without a label it is a thin one."""

    x: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch in per cent of the width."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` up to and including `end`."""

    zoom: Zoom
    start: date
    end: date

    @property
    def _length(self) -> int:
        return (self.end - self.start).days + 1

    def x(self, day: date) -> float:
        """Where the middle of a day stands, in per cent of the width."""
        return round(100 * ((day - self.start).days + 0.5) / self._length, 3)

    def holds(self, day: date) -> bool:
        return self.start <= day <= self.end

    def span(self, first: date, last: date) -> Span:
        """The part of a period that is shown, whole days at both ends."""
        left, right = max(first, self.start), min(last, self.end)
        begin = 100 * (left - self.start).days / self._length
        return Span(round(begin, 3), round(100 * ((right - left).days + 1) / self._length, 3))

    def shifted(self, count: int) -> date | None:
        """The first day of the window so many windows further; None where time ends."""
        day = add_months(self.start, count * _MONTHS[self.zoom])
        return day if FIRST <= day <= LAST else None

    def ticks(self, language: str) -> list[Tick]:
        """The lines of the axis: weeks in a month, months in a quarter or year, years and quarters beyond."""
        if self.zoom in (Zoom.MONTH, Zoom.QUARTER):
            return self._weeks(language)
        made = []
        for place in range(0, _MONTHS[self.zoom], 1 if self.zoom is Zoom.YEAR else 3):
            first = add_months(self.start, place)
            if self.zoom is Zoom.YEARS:
                label = str(first.year) if first.month == 1 else ""
            else:
                label = str(first.year) if first.month == 1 and place else short_month(first.month, language)
            made.append(Tick(self._edge(first), label))
        return made

    def _weeks(self, language: str) -> list[Tick]:
        made = []
        monday = self.start + timedelta(days=-self.start.weekday() % 7)
        while monday <= self.end:
            label = f"{monday.day} {short_month(monday.month, language)}"
            made.append(Tick(self._edge(monday), label if self.zoom is Zoom.MONTH or monday.day <= 7 else ""))
            monday += timedelta(days=7)
        return made

    def free_days(self) -> list[Span]:
        """Weekends and holidays, where days are wide enough to be seen."""
        if self.zoom is not Zoom.MONTH:
            return []
        all_days = [self.start + timedelta(days=n) for n in range(self._length)]
        free = [day for day in all_days if day.weekday() > 4 or day in holidays(day.year)]
        return [self.span(day, day) for day in free]

    def _edge(self, day: date) -> float:
        return round(100 * (day - self.start).days / self._length, 3)

    def title(self, language: str) -> str:
        """What the window is called: `november 2026`, `nov 2026 – jan 2027`."""
        if self.zoom is Zoom.MONTH:
            return f"{month_name(self.start.month, language)} {self.start.year}"
        first, last = (f"{short_month(day.month, language)} {day.year}" for day in (self.start, self.end))
        return f"{first} – {last}"

    def told(self, language: str) -> str:
        """The window in words, for those who hear the page."""
        return f"{format_long_date(self.start, language)} – {format_long_date(self.end, language)}"


def window(zoom: Zoom, first: date | None, today: date) -> Window:
    """The window that begins in the month of `first`, or the usual one around today."""
    if first is not None and FIRST <= first <= LAST:
        start = month_start(first)
    elif zoom is Zoom.YEARS:
        start = date(today.year - 1, 1, 1)
    else:
        start = add_months(month_start(today), -_BEFORE[zoom])
    return Window(zoom, start, add_months(start, _MONTHS[zoom]) - days(1))
