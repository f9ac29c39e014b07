"""Schedules over years: each period once, the wished day or the last of the month, a bank day, whatever the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.business_days import is_bank_day
from app.base.dates import local_date, month_end
from app.gifts.recurring.schedule import collect_day, due_on_or_after, first_due, following, period_of
from app.gifts.recurring.states import Frequency

M, Q, Y = Frequency.MONTHLY, Frequency.QUARTERLY, Frequency.YEARLY
STARTS = st.dates(date(2024, 1, 1), date(2099, 12, 31))
DAYS = st.integers(1, 31)


@given(STARTS, st.sampled_from(Frequency), DAYS)
def test_each_period_has_its_due_day_once(start: date, frequency: Frequency, day: int) -> None:
    due, seen = first_due(start, frequency, day), []
    for _ in range(60):
        seen.append(due)
        due = following(due, frequency, day)
    months = [d.year * 12 + d.month for d in seen]
    assert months == [months[0] + i * frequency.months for i in range(60)]
    assert all(d.day == min(day, month_end(d).day) for d in seen)
    assert period_of(seen[0]) > period_of(start), "the first instalment was paid already"


@given(STARTS, DAYS)
def test_a_year_has_twelve_collections_on_bank_days(start: date, day: int) -> None:
    due, collected = first_due(start, M, day), []
    for _ in range(12):
        collected.append(collect_day(due))
        due = following(due, M, day)
    assert len(set(collected)) == 12
    assert all(is_bank_day(on) for on in collected)
    assert due == first_due(start.replace(year=start.year + 1, day=1), M, day)


@given(STARTS, st.sampled_from(Frequency), DAYS, st.integers(-800, 800))
def test_the_first_due_day_after_another_keeps_the_rhythm(start: date, f: Frequency, day: int, away: int) -> None:
    known = first_due(start, f, day)
    on = known + timedelta(days=away)
    due = due_on_or_after(known, on, f, day)
    assert due >= on
    assert (due.year * 12 + due.month - known.year * 12 - known.month) % f.months == 0
    before = [d for d in (following(due, f, day),) if d <= due]
    assert not before
    assert due_on_or_after(known, due, f, day) == due


@pytest.mark.parametrize(
    ("due", "on"),
    [
        ("2026-11-28", "2026-11-30"),  # a Saturday
        ("2026-12-25", "2026-12-28"),  # Christmas on a Friday, Boxing Day, Sunday
        ("2027-03-26", "2027-03-30"),  # Good Friday to Easter Monday
        ("2028-02-29", "2028-02-29"),
        ("2026-04-27", "2026-04-27"),  # King's Day: banks settle
        ("2027-05-01", "2027-05-03"),  # 1 May, a Saturday
    ],
)
def test_closed_days_move_to_the_next_bank_day(due: str, on: str) -> None:
    assert collect_day(date.fromisoformat(due)) == date.fromisoformat(on)


def test_leap_day_comes_back() -> None:
    due = first_due(date(2027, 2, 28), Y, 29)
    assert (due, following(due, Y, 29)) == (date(2028, 2, 29), date(2029, 2, 28))


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), 28), (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 29),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), 30), (datetime(2026, 10, 25, 0, 59, tzinfo=UTC), 25),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), 25), (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), 26),
    ],
)  # fmt: skip
def test_nights_of_changing_clocks_have_one_date(instant: datetime, day: int) -> None:
    assert local_date(instant).day == day
