"""Working days and bank days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base import business_days as days

# Easter of 2000 to 2050, month and day, as almanacs print them.
EASTERS = (
    "0423 0415 0331 0420 0411 0327 0416 0408 0323 0412 0404 0424 0408 0331 0420 0405 0327 "
    "0416 0401 0421 0412 0404 0417 0409 0331 0420 0405 0328 0416 0401 0421 0413 0328 0417 "
    "0409 0325 0413 0405 0425 0410 0401 0421 0406 0329 0417 0409 0325 0414 0405 0418 0410 "
)
DATES = st.dates(date(1950, 1, 1), date(2150, 12, 31))


def test_easter_as_in_the_almanac() -> None:
    assert [f"{days.easter_sunday(2000 + n):%m%d}" for n in range(51)] == EASTERS.split()
    # The earliest and the latest there are.
    assert days.easter_sunday(1818) == date(1818, 3, 22)
    assert days.easter_sunday(1943) == date(1943, 4, 25)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 1, 1), "New Year's Day"),
        (date(2026, 4, 3), "Good Friday"),
        (date(2026, 4, 6), "Easter Monday"),
        (date(2026, 4, 27), "King's Day"),
        (date(2025, 4, 26), "King's Day"),  # the 27th was a Sunday
        (date(2031, 4, 26), "King's Day"),
        (date(2013, 4, 30), "King's Day"),  # Queen's Day
        (date(2026, 5, 5), "Liberation Day"),
        (date(2026, 5, 14), "Ascension Day"),
        (date(2016, 5, 5), "Ascension Day"),  # both on one day
        (date(2026, 5, 25), "Whit Monday"),
        (date(2026, 12, 25), "Christmas Day"),
        (date(2026, 12, 26), "Boxing Day"),
    ],
)
def test_known_holidays(day: date, name: str) -> None:
    assert days.holidays(day.year)[day] == name
    assert not days.is_business_day(day)


@pytest.mark.parametrize("day", [date(2025, 4, 28), date(2026, 5, 1), date(2026, 5, 4), date(2026, 12, 24)])
def test_days_people_work(day: date) -> None:
    assert days.is_business_day(day)


def test_banks_keep_another_calendar() -> None:
    settle = [date(2026, 4, 27), date(2026, 5, 5), date(2026, 5, 14), date(2026, 5, 25)]
    assert all(days.is_bank_day(day) and not days.is_business_day(day) for day in settle)
    assert days.is_business_day(date(2026, 5, 1))
    assert not days.is_bank_day(date(2026, 5, 1))
    assert days.add_bank_days(date(2026, 4, 2), 1) == date(2026, 4, 7)
    assert days.add_bank_days(date(2026, 4, 7), -1) == date(2026, 4, 2)


def test_counting_skips_easter_and_kings_day() -> None:
    assert days.add_business_days(date(2026, 4, 2), 1) == date(2026, 4, 7)
    assert days.add_business_days(date(2026, 4, 28), -1) == date(2026, 4, 24)
    assert days.add_business_days(date(2026, 11, 22), 0) == date(2026, 11, 20)
    assert days.add_business_days(date(2026, 11, 22), -1) == date(2026, 11, 20)
    assert days.business_day_on_or_after(date(2026, 12, 25)) == date(2026, 12, 28)


@given(DATES, st.integers(-60, 60))
def test_counting_lands_on_working_days_and_says_how_many(day: date, count: int) -> None:
    there = days.add_business_days(day, count)
    assert days.is_business_day(there)
    if count > 0:
        assert days.business_days_between(day, there) == count
    if count < 0:
        # Going back from a free day, the day itself was none of those counted.
        assert days.business_days_between(there, day) == -count - (not days.is_business_day(day))


@given(DATES, st.integers(1, 60))
def test_there_and_back_again(day: date, count: int) -> None:
    start = days.business_day_on_or_before(day)
    assert days.add_business_days(days.add_business_days(start, count), -count) == start


@given(DATES)
def test_before_and_after_are_the_nearest(day: date) -> None:
    before, after = days.business_day_on_or_before(day), days.business_day_on_or_after(day)
    assert before <= day <= after
    between = [before + timedelta(days=n) for n in range(1, (after - before).days)]
    assert not any(days.is_business_day(each) for each in between)
