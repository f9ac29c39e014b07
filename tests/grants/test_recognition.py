"""Income in step with the costs: every cent once, never more than the grant, and the check proves it."""

from __future__ import annotations

import itertools
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as dose
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.extensions import db, writing
from app.extensions import now as app_now
from app.grants.awards import services as awards
from app.grants.awards.models import Grant, GrantState, Recognition
from app.grants.awards.plans import InstalmentPlan
from app.grants.awards.spread import lands_at_once
from app.grants.budgets import queries as budgets
from app.grants.expenses import services as expenses
from app.grants.expenses.models import Expense
from app.grants.expenses.queries import outside_cents
from app.grants.expenses.services import ExpenseFacts
from app.grants.instalments import checks
from app.grants.instalments import services as instalments
from app.grants.partners import passing_on, sub_grants
from app.grants.partners.models import Booking
from app.grants.partners.sub_grants import SubGrantFacts
from app.grants.recognition import services
from app.grants.recognition.models import GrantIncome
from app.grants.recognition.sources import by_month
from app.grants.reminders.jobs import morning
from app.grants.restricted import queries as restricted
from app.ledger.models import Account, AccountKind, FiscalPeriod, JournalEntry, JournalLine, PeriodState
from tests.conftest import SettableClock
from tests.factories import grants as make
from tests.factories.consortium import partner
from tests.grants.money_stories import FULL, HALF, books, granted, receive, report, settle

COSTS = Recognition.COSTS
GrantLine = JournalLine.__table__
_number = itertools.count(1)


def spend(grant_id: int, cents: int, on: date) -> None:
    with writing() as session:
        key = f"test-{next(_number)}"
        session.add(Expense(grant_id=grant_id, spent_on=on, cents=cents, source_key=key, created_at=app_now()))


def follow(grant_id: int, now: datetime) -> int:
    with writing():
        return services.follow([grant_id], actor=SYSTEM, now=now)


def test_costs_earn_the_money_that_came_before_and_after(now: datetime) -> None:
    grant_id, (first, second) = granted(now, COSTS)
    receive(first, HALF, now, "a")
    spend(grant_id, 6_000_000, date(2026, 10, 15))
    spend(grant_id, 1_000_000, date(2026, 11, 15))
    assert follow(grant_id, now) == 2
    assert follow(grant_id, now) == 0
    assert books(grant_id) == (7_000_000, 2_000_000, 0, 0)
    receive(second, HALF, now, "b")
    assert books(grant_id) == (7_000_000, 0, 3_000_000, 0)
    days = select(JournalEntry.booked_on).where(JournalEntry.source_type == "grant_income")
    assert sorted(db.session.execute(days).scalars()) == [date(2026, 10, 31), date(2026, 11, 23)]


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (date(2026, 10, 4), False), (date(2026, 10, 5), True), (date(2026, 11, 20), True), (date(2026, 11, 21), False),
    ],
)  # fmt: skip
def test_a_cost_outside_the_period_earns_nothing_and_is_spent_nowhere(now: datetime, day: date, counts: bool) -> None:
    grant_id, (first, _) = granted(now, COSTS, starts_on=date(2026, 10, 5), ends_on=date(2026, 11, 20))
    receive(first, HALF, now, "a")
    other_id, _ = granted(now, COSTS, starts_on=date(2026, 10, 1))
    with writing():
        cost = ExpenseFacts(spent_on=day, cents=2_000, full_cents=3_000, description="zaal")
        expense_id = expenses.enter(other_id, cost, form_key="a", actor=SYSTEM, now=now)
        expenses.share(expense_id, grant_id, 1_000, actor=SYSTEM, now=now)
    spend(grant_id, 500, day)
    earned = 1_500 if counts else 0
    follow(grant_id, now)
    assert books(grant_id) == (earned, 0, HALF - earned, 0)
    assert sum(budgets.spent_by_line(grant_id).values()) == earned
    assert sum(budgets.spent_by_month(grant_id).values()) == earned
    assert restricted.shares(grant_id)[0].spent == earned
    assert outside_cents(grant_id) == (0 if counts else 1_500)


def test_more_time_makes_a_late_cost_count_and_less_time_takes_it_back(now: datetime) -> None:
    grant_id, (first, _) = granted(now, COSTS, starts_on=date(2026, 10, 1), ends_on=date(2026, 11, 10))
    receive(first, HALF, now, "a")
    spend(grant_id, 700, date(2026, 11, 15))
    follow(grant_id, now)
    assert books(grant_id)[0] == 0
    for ends_on, earned in ((date(2026, 11, 15), 700), (date(2026, 11, 14), 0)):
        with writing():
            db.session.get_one(Grant, grant_id, populate_existing=True).ends_on = ends_on
        follow(grant_id, now)
        assert books(grant_id) == (earned, 0, HALF - earned, 0)


def test_what_was_overspent_is_not_income(now: datetime) -> None:
    grant_id, _ = granted(now, COSTS)
    spend(grant_id, FULL + 1, date(2026, 10, 15))
    follow(grant_id, now)
    assert books(grant_id)[0] == FULL
    spend(grant_id, -2_000_001, date(2026, 11, 1))
    follow(grant_id, now)
    assert books(grant_id)[0] == FULL - 2_000_000


def test_costs_of_a_closed_month_are_income_of_today(now: datetime) -> None:
    grant_id, _ = granted(now, COSTS)
    with writing() as session:
        session.add(FiscalPeriod(month=date(2026, 10, 1), state=PeriodState.CLOSED))
    spend(grant_id, 500, date(2026, 10, 15))
    follow(grant_id, now)
    row = db.session.execute(select(GrantIncome)).scalar_one()
    assert (row.month, row.booked_on) == (date(2026, 10, 1), date(2026, 11, 23))


def test_a_receipt_that_is_taken_back_leaves_no_negative_advance(now: datetime) -> None:
    grant_id, (first, _) = granted(now, COSTS)
    receipt = receive(first, HALF, now, "a")
    spend(grant_id, 4_000_000, date(2026, 10, 15))
    follow(grant_id, now)
    assert books(grant_id) == (4_000_000, 0, 1_000_000, 0)
    with writing():
        instalments.take_back(receipt, "wrong grant", actor=SYSTEM, now=now)
    assert books(grant_id) == (4_000_000, 4_000_000, 0, 0)


def test_the_confirmation_takes_the_costs_along_both_ways(now: datetime) -> None:
    with writing():
        plans = [InstalmentPlan(expected_on=date(2026, 11, 1), basis_points=10_000)]
        grant_id = make.grant(now, plans, recognition=COSTS)
    spend(grant_id, 300, date(2026, 10, 15))
    assert follow(grant_id, now) == 0
    for _ in range(2):
        with writing():
            awards.confirm([grant_id], actor=SYSTEM, now=now)
        assert books(grant_id) == (300, 300, 0, 0)
        with writing():
            awards.take_back_confirmation(grant_id, "wrong rule", actor=SYSTEM, now=now)
        assert books(grant_id) == (0, 0, 0, 0)


def test_after_the_settlement_costs_change_nothing_any_more(now: datetime) -> None:
    grant_id, (first, _) = granted(now, COSTS)
    receive(first, HALF, now, "a")
    spend(grant_id, 6_000_000, date(2026, 10, 15))
    follow(grant_id, now)
    report(grant_id, now)
    settle(grant_id, 4_500_000, now)
    assert books(grant_id) == (4_500_000, 0, 0, 500_000)
    spend(grant_id, 1_000_000, date(2026, 11, 15))
    assert follow(grant_id, now) == 0
    assert books(grant_id)[0] == 4_500_000


def test_the_morning_recognises_once_what_falls_due(now: datetime, clock: SettableClock) -> None:
    grant_ids = []
    for name in ("Janivo", "Adessium", "Fonds 21"):
        with writing():
            funder_id = make.funder(now, name)
        grant_ids.append(granted(now, COSTS, funder_id=funder_id)[0])
    for grant_id in grant_ids:
        spend(grant_id, 100, date(2026, 11, 2))
    for _ in range(2):
        morning({})
    assert [books(grant_id)[0] for grant_id in grant_ids] == [100, 100, 100]


def test_two_runs_cannot_recognise_the_same_costs(now: datetime) -> None:
    grant_id, _ = granted(now, COSTS)
    spend(grant_id, 100, date(2026, 11, 2))
    follow(grant_id, now)
    known = db.session.execute(select(GrantIncome)).scalar_one()
    facts = {"month": known.month, "booked_on": known.booked_on, "key": known.key}
    with pytest.raises(IntegrityError), writing() as session:
        session.add(GrantIncome(grant_id=grant_id, cents=100, created_at=now, **facts))


def test_the_check_sees_income_without_a_booking(now: datetime) -> None:
    grant_id, _ = granted(now, COSTS)
    with writing() as session:
        session.add(
            GrantIncome(grant_id=grant_id, month=date(2026, 11, 1), cents=5, booked_on=date(2026, 11, 1), key="x",
                        created_at=now)
        )  # fmt: skip
    assert len(list(checks.grants_equal_ledger())) == 1


_months = st.dates(date(2020, 1, 1), date(2035, 12, 1)).map(lambda day: day.replace(day=1))


@given(st.dictionaries(_months, st.integers(-10_000, 100_000), max_size=30), st.integers(0, 500_000))
def test_months_add_up_to_what_was_spent_and_never_pass_the_grant(spent: dict[date, int], most: int) -> None:
    earned = by_month(spent, most)
    assert sum(earned.values()) == min(max(sum(spent.values()), 0), most)
    running = list(itertools.accumulate(earned[month] for month in sorted(earned)))
    assert all(0 <= total <= most for total in running)
    assert set(earned) == set(spent)


_events = st.lists(
    st.tuples(st.dates(date(2026, 10, 1), date(2026, 11, 23)), st.integers(-2_000_000, 5_000_000).filter(bool)),
    max_size=6,
)


@dose(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_events, st.integers(0, 6_000_000), st.integers(0, 4))
def test_however_costs_and_money_come_the_books_say_what_was_spent(
    now: datetime, events: list[tuple[date, int]], came: int, often: int
) -> None:
    grant_id, (first, _) = granted(now, COSTS)
    for place, (day, cents) in enumerate(events):
        spend(grant_id, cents, day)
        if place == often:
            if came:
                receive(first, came, now, f"k{grant_id}")
            follow(grant_id, now)
    follow(grant_id, now)
    # What was spent counts month by month: a credit of a month before any cost is lost to no month.
    total = 0
    for month in sorted({day.replace(day=1) for day, _ in events}):
        total += sum(cents for day, cents in events if day.replace(day=1) == month)
    income = min(max(total, 0), FULL)
    in_hand = came if came and len(events) > often else 0
    assert books(grant_id) == (income, max(0, income - in_hand), max(0, in_hand - income), 0)


@dose(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shares=st.lists(st.integers(1, 5000), min_size=2, max_size=6),
    cents=st.integers(100_000, 90_000_000_000),
    until=st.integers(2026, 2034),
)
def test_each_year_gets_its_own_contribution_and_all_years_the_whole_grant(
    now: datetime, clock: SettableClock, shares: list[int], cents: int, until: int
) -> None:
    clock.at(2026, 11, 23, 11)
    parts = [cents * share // sum(shares) for share in shares]
    parts[-1] += cents - sum(parts)
    plans = [
        InstalmentPlan(expected_on=date(2026 + n, 3, 1), amount_cents=part) for n, part in enumerate(parts) if part
    ]
    end = date(2026 + len(shares), 12, 31)
    rule = Recognition.CONTRIBUTION_YEAR
    grant_id, _ = granted(now, rule, plans, amount_cents=cents, ends_on=end, all_at_once=len(plans) == 1)
    for year in range(2027, until + 1):
        clock.at(year, 1, 1, 6)
        with writing():
            instalments.recognise_year(actor=SYSTEM, now=clock.now())
    assert books(grant_id)[0] == sum(plan.amount_cents or 0 for plan in plans if plan.expected_on.year <= until)
    by_year: dict[int, int] = {}
    for on, value in db.session.execute(
        select(JournalEntry.booked_on, GrantLine.c.cents).join(GrantLine, GrantLine.c.entry_id == JournalEntry.id)
        .where(GrantLine.c.grant_id == grant_id, GrantLine.c.rj_line.is_not(None))
    ):  # fmt: skip
        by_year[on.year] = by_year.get(on.year, 0) - value
    expected = {plan.expected_on.year: plan.amount_cents for plan in plans if plan.expected_on.year <= until}
    assert by_year == expected


@pytest.mark.parametrize(
    ("rule", "ends", "years", "at_once"),
    [
        (Recognition.AWARD, date(2027, 12, 31), [2026, 2027], False),
        (Recognition.AWARD, date(2028, 1, 1), [2027], True),
        (Recognition.AWARD, date(2031, 12, 31), [2027, 2028, 2029, 2030, 2031], True),
        (Recognition.AWARD, date(2027, 12, 31), [2026, 2027, 2028], True),
        (Recognition.CONTRIBUTION_YEAR, date(2031, 12, 31), [2027, 2028, 2029, 2030, 2031], False),
        (Recognition.CONTRIBUTION_YEAR, date(2031, 12, 31), [2027, 2027], True),
        (Recognition.RECEIPT, date(2031, 12, 31), [2027], True),
        (Recognition.RECEIPT, date(2031, 12, 31), [2027, 2028], False),
        (Recognition.COSTS, date(2031, 12, 31), [2027], False),
    ],
)
def test_which_rules_would_make_years_of_money_one_years_income(
    rule: Recognition, ends: date, years: list[int], at_once: bool
) -> None:
    assert lands_at_once(rule, date(2027, 1, 1), ends, years) is at_once


FIVE = [InstalmentPlan(expected_on=date(2027 + n, 3, 1), basis_points=2000) for n in range(5)]


def test_a_five_year_contribution_is_income_of_one_year_only_where_somebody_said_so(now: datetime) -> None:
    facts = {"starts_on": date(2027, 1, 1), "ends_on": date(2031, 12, 31), "recognition": Recognition.AWARD}
    with pytest.raises(Invalid) as error, writing():
        make.grant(now, FIVE, **facts)
    assert error.value.field == "recognition"
    with writing():
        grant_id = make.grant(now, FIVE, all_at_once=True, **facts)
        awards.confirm([grant_id], actor=SYSTEM, now=now)
    assert books(grant_id)[0] == FULL


def test_what_changed_after_the_award_is_asked_again_at_the_confirmation(now: datetime) -> None:
    facts = {"starts_on": date(2027, 1, 1), "ends_on": date(2031, 12, 31), "recognition": Recognition.CONTRIBUTION_YEAR}
    with writing():
        grant_id = make.grant(now, FIVE, **facts)
    with writing() as session:
        session.connection().exec_driver_sql("UPDATE instalment SET contribution_year = 2026")
    with pytest.raises(Refused, match="several years"), writing():
        awards.confirm([grant_id], actor=SYSTEM, now=now)
    assert books(grant_id) == (0, 0, 0, 0)
    assert db.session.execute(select(func.count()).select_from(JournalEntry)).scalar_one() == 0


def test_a_terminated_grant_keeps_what_it_earned(now: datetime) -> None:
    grant_id, _ = granted(now, COSTS)
    spend(grant_id, 100, date(2026, 11, 2))
    follow(grant_id, now)
    report(grant_id, now, GrantState.TERMINATED)
    follow(grant_id, now)
    assert books(grant_id)[0] == 100


def owe_partner(grant_id: int, booking: Booking, now: datetime, due_on: date = date(2026, 11, 1)) -> tuple[int, int]:
    """A sub-grant of 20.000 that is owed since 1 November, or that day; ids of partner and instalment."""
    with writing():
        partner_id = partner(grant_id, now)
        facts = SubGrantFacts(
            title="Opvang",
            amount_cents=2_000_000,
            booking=booking,
            starts_on=date(2026, 10, 1),
            ends_on=date(2027, 9, 30),
        )
        held = sub_grants.plan(partner_id, facts, actor=SYSTEM, now=now)
        part = sub_grants.plan_instalment(held, amount_cents=2_000_000, due_on=due_on, actor=SYSTEM, now=now)
        sub_grants.agree(held, agreed_on=date(2026, 11, 1), actor=SYSTEM, now=now)
        passing_on.owe([part], actor=SYSTEM, now=now)
    return partner_id, part


@pytest.mark.parametrize("booking", Booking)
def test_what_is_passed_on_is_earned_with_its_booking_and_once(now: datetime, booking: Booking) -> None:
    grant_id, (first, _) = granted(now, COSTS)
    receive(first, HALF, now, "a")
    partner_id, part = owe_partner(grant_id, booking, now)
    assert books(grant_id)[0] == 2_000_000
    with writing():
        theirs = ExpenseFacts(spent_on=date(2026, 11, 20), cents=900, description="zaal", partner_id=partner_id)
        expenses.enter(grant_id, theirs, form_key="theirs", actor=SYSTEM, now=now)
    spend(grant_id, 100, date(2026, 11, 15))
    follow(grant_id, now)
    assert books(grant_id)[0] == 2_000_100
    with writing():
        passing_on.take_back_owed(part, "te vroeg", actor=SYSTEM, now=now)
    assert books(grant_id)[0] == (1_000 if booking is Booking.PRINCIPAL else 100)
    assert not list(checks.grants_equal_ledger())


@pytest.mark.parametrize("booking", Booking)
@pytest.mark.parametrize("closed", [(), (10,), (10, 11), (10, 11, 12)])
def test_a_partner_that_is_not_owed_after_all_takes_cost_and_income_out_of_one_month(
    now: datetime, clock: SettableClock, booking: Booking, closed: tuple[int, ...]
) -> None:
    """After the end of the year: in the month they were booked in, or today where that is closed."""
    grant_id, (first, _) = granted(now, COSTS)
    receive(first, HALF, now, "a")
    _partner, part = owe_partner(grant_id, booking, now)
    clock.at(2027, 1, 15, 9)
    with writing() as session:
        session.add_all(FiscalPeriod(month=date(2026, month, 1), state=PeriodState.CLOSED) for month in closed)
    with writing():
        passing_on.take_back_owed(part, "gaat niet door", actor=SYSTEM, now=clock.now())
    assert books(grant_id)[0] == 0
    results = (
        select(JournalEntry.booked_on, GrantLine.c.cents)
        .join(GrantLine, GrantLine.c.entry_id == JournalEntry.id)
        .join(Account, Account.id == GrantLine.c.account_id)
    )
    by_month: dict[str, int] = {}
    for on, cents in db.session.execute(results.where(Account.kind.in_([AccountKind.INCOME, AccountKind.COST]))):
        by_month[f"{on:%Y-%m}"] = by_month.get(f"{on:%Y-%m}", 0) + cents
    assert set(by_month.values()) <= {0}, by_month
    taken = db.session.execute(select(JournalEntry.booked_on).where(JournalEntry.reverses_id.is_not(None))).scalars()
    assert {f"{on:%Y-%m}" for on in taken} == {"2027-01" if 11 in closed else "2026-11"}


def test_what_a_partner_was_owed_in_a_closed_month_is_booked_today_with_its_income(now: datetime) -> None:
    grant_id, _ = granted(now, COSTS)
    with writing() as session:
        session.add(FiscalPeriod(month=date(2026, 10, 1), state=PeriodState.CLOSED))
    owe_partner(grant_id, Booking.PRINCIPAL, now, due_on=date(2026, 10, 20))
    entries = select(JournalEntry.booked_on).where(
        JournalEntry.source_type.in_(["sub_grant_instalment", "grant_income"])
    )
    assert list(db.session.execute(entries).scalars()) == [date(2026, 11, 23)] * 2
