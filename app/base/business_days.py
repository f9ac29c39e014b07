"""Days on which people work, and days on which banks settle: two calendars that differ.

Working days follow the Algemene termijnenwet (article 3): its recognised holidays, 5 May every
year among them, and Good Friday, which it puts on a par. A date planned by it never needs
somebody on a day that the law calls free. Banks follow the TARGET calendar: they settle on King's
Day, on Ascension Day and on 5 May, and are closed on 1 May.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from app.base.states import N_

_DAY = timedelta(days=1)
_FIRST_KINGS_DAY = 2014  # before: Queen's Day, 30 April
_WEEKEND = 5  # Saturday, as date.weekday() counts


@lru_cache(maxsize=512)
def easter_sunday(year: int) -> date:
    """Easter in the Gregorian calendar (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    lunar = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * lunar) // 433
    month, day = divmod(h + lunar - 7 * m + 90, 25)
    return date(year, month, (h + lunar - 7 * m + 33 * month + 19) % 32)


def kings_day(year: int) -> date:
    """27 April, or the Saturday before when that is a Sunday."""
    day = date(year, 4, 27 if year >= _FIRST_KINGS_DAY else 30)
    return day - _DAY if day.weekday() == _WEEKEND + 1 else day


@lru_cache(maxsize=512)
def holidays(year: int) -> dict[date, str]:
    """The public holidays of a year in the Netherlands, with their names (msgids), in order."""
    easter = easter_sunday(year)
    # Two may share a day (Ascension on 5 May): the one named later here gives the name.
    named = {
        date(year, 5, 5): N_("Liberation Day"),
        kings_day(year): N_("King's Day"),
        date(year, 1, 1): N_("New Year's Day"),
        easter - 2 * _DAY: N_("Good Friday"),
        easter: N_("Easter Sunday"),
        easter + _DAY: N_("Easter Monday"),
        easter + 39 * _DAY: N_("Ascension Day"),
        easter + 49 * _DAY: N_("Whit Sunday"),
        easter + 50 * _DAY: N_("Whit Monday"),
        date(year, 12, 25): N_("Christmas Day"),
        date(year, 12, 26): N_("Boxing Day"),
    }
    return dict(sorted(named.items()))


def is_business_day(day: date) -> bool:
    """Whether people work that day: no weekend and no public holiday."""
    return day.weekday() < _WEEKEND and day not in holidays(day.year)


def business_day_on_or_before(day: date) -> date:
    """The day itself, or the last working day before it."""
    while not is_business_day(day):
        day -= _DAY
    return day


def business_day_on_or_after(day: date) -> date:
    """The day itself, or the first working day after it."""
    while not is_business_day(day):
        day += _DAY
    return day


def add_business_days(day: date, count: int) -> date:
    """`count` working days further, or back when negative.

    Nought gives the working day on or before. Free days are never counted: one working day
    before Sunday is Friday, as is one working day before Monday.
    """
    if count == 0:
        return business_day_on_or_before(day)
    step = _DAY if count > 0 else -_DAY
    for _turn in range(abs(count)):
        day += step
        while not is_business_day(day):
            day += step
    return day


def business_days_between(start: date, end: date) -> int:
    """How many working days after `start` up to and including `end`; negative when it lies before."""
    if end < start:
        return -business_days_between(end, start)
    return sum(is_business_day(start + n * _DAY) for n in range(1, (end - start).days + 1))


@lru_cache(maxsize=512)
def bank_holidays(year: int) -> frozenset[date]:
    """The closing days of TARGET, besides weekends."""
    easter = easter_sunday(year)
    fixed = {date(year, 1, 1), date(year, 5, 1), date(year, 12, 25), date(year, 12, 26)}
    return frozenset(fixed | {easter - 2 * _DAY, easter + _DAY})


def is_bank_day(day: date) -> bool:
    """Whether banks settle that day (TARGET)."""
    return day.weekday() < _WEEKEND and day not in bank_holidays(day.year)


def add_bank_days(day: date, count: int) -> date:
    """`count` TARGET days further, or back when negative."""
    step = _DAY if count > 0 else -_DAY
    for _turn in range(abs(count)):
        day += step
        while not is_bank_day(day):
            day += step
    return day
