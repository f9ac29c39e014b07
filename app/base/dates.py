"""Instants are aware UTC, calendar facts are dates in Amsterdam; the clock can be swapped."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class Clock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    """The real time, aware and in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def local_date(instant: datetime) -> date:
    """The calendar day in Amsterdam at this instant. Refuses naive datetimes."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime says nothing about when")
    return instant.astimezone(AMSTERDAM).date()


def local_midnight(day: date) -> datetime:
    """The instant (UTC) at which this day begins in Amsterdam."""
    return datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM).astimezone(UTC)


def add_months(day: date, months: int, *, anchor: int | None = None) -> date:
    """`day` moved by whole months; a 31st becomes the last day of a shorter month.

    `anchor` is the day of the month that is wanted: 31 January, a month on and a month on
    again, gives 28 February and then 31 March instead of 28 March.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(anchor or day.day, last))


def month_start(day: date) -> date:
    return day.replace(day=1)


def month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def days(count: int) -> timedelta:
    return timedelta(days=count)


def format_date(day: date, language: str = "nl") -> str:
    """`23-11-2026` in tables and exports, in both languages."""
    return day.strftime("%d-%m-%Y")


_MONTHS = {
    "nl": "- januari februari maart april mei juni juli augustus september oktober november december",
    "en": "- January February March April May June July August September October November December",
}


def month_name(month: int, language: str = "nl") -> str:
    return _MONTHS[language].split()[month]


def format_long_date(day: date, language: str = "nl") -> str:
    """`23 november 2026` in running text."""
    return f"{day.day} {month_name(day.month, language)} {day.year}"


_SHORT = {
    "nl": "- jan feb mrt apr mei jun jul aug sep okt nov dec",
    "en": "- Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
}


def short_month(month: int, language: str = "nl") -> str:
    """`mrt`, `Mar`: for the axis of a chart."""
    return _SHORT[language].split()[month]
