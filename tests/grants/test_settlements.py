"""The funder's final word: lower, higher, paid back, taken back; and the books after each."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as dose
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.base.actor import SYSTEM
from app.base.errors import DomainError, Invalid, Refused
from app.extensions import db, writing
from app.grants.awards import services as awards
from app.grants.awards.models import GrantState, Recognition
from app.grants.awards.plans import InstalmentPlan
from app.grants.instalments import services as instalments
from app.grants.instalments.models import InstalmentState
from app.grants.obligations import services as obligations
from app.grants.settlements import services
from app.grants.settlements.models import Repayment, Settlement
from app.ledger.models import FiscalPeriod, JournalEntry, PeriodState
from tests.conftest import SettableClock
from tests.factories.grants import obligation_plan
from tests.grants.money_stories import (
    FULL,
    HALF,
    books,
    grant_state,
    granted,
    instalment_ids,
    receive,
    report,
    settle,
    settlement,
    state,
)

RULES = list(Recognition)
G, S = GrantState, InstalmentState


def repay(settlement_id: int, cents: int, now: datetime, key: str = "r1", on: date = date(2026, 11, 23)) -> int:
    with writing():
        return services.repay(
            settlement_id, paid_on=on, amount_cents=cents, bank_reference="uit 1", form_key=key, actor=SYSTEM, now=now
        )


def take_back(grant_id: int, now: datetime) -> None:
    with writing():
        services.take_back(grant_id, "the funder looked again", actor=SYSTEM, now=now)


@pytest.mark.parametrize("rule", RULES)
def test_settled_lower_than_received_is_owed_and_then_paid_back(now: datetime, rule: Recognition) -> None:
    grant_id, (first, second) = granted(now, rule)
    receive(first, HALF, now, "a")
    receive(second, HALF, now, "b")
    report(grant_id, now)
    settled = settle(grant_id, 8_000_000, now)
    assert books(grant_id) == (8_000_000, 0, 0, 2_000_000)
    assert grant_state(grant_id) is G.CLAWBACK
    with pytest.raises(Refused, match="paid back"), writing():
        awards.move(grant_id, G.CLOSED, actor=SYSTEM, now=now)
    repay(settled, 500_000, now, "one")
    repay(settled, 1_500_000, now, "two")
    assert books(grant_id) == (8_000_000, 0, 0, 0)


@pytest.mark.parametrize("rule", RULES)
def test_settled_lower_than_granted_leaves_the_rest_to_come(now: datetime, rule: Recognition) -> None:
    grant_id, (first, second) = granted(now, rule)
    receive(first, HALF, now, "a")
    report(grant_id, now)
    settle(grant_id, 9_000_000, now, expected_on=date(2026, 12, 20))
    on_receipt = rule is Recognition.RECEIPT
    assert books(grant_id) == (HALF if on_receipt else 9_000_000, 0 if on_receipt else 4_000_000, 0, 0)
    *_, last = instalment_ids(grant_id)
    assert [state(each) for each in (first, second, last)] == [S.RECEIVED, S.SETTLED, S.DUE]
    receive(last, 4_000_000, now, "last")
    assert state(last) is S.RECEIVED
    assert books(grant_id) == (9_000_000, 0, 0, 0)
    assert grant_state(grant_id) is G.REPORTING


@pytest.mark.parametrize("rule", RULES)
def test_settled_higher_than_granted_is_more_income(now: datetime, rule: Recognition) -> None:
    grant_id, (first, second) = granted(now, rule)
    receive(first, HALF, now, "a")
    receive(second, HALF, now, "b")
    report(grant_id, now)
    settle(grant_id, FULL + 700_000, now)
    *_, last = instalment_ids(grant_id)
    receive(last, 700_000, now, "last")
    assert books(grant_id) == (FULL + 700_000, 0, 0, 0)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("cents", [0, 3_000_000, HALF, 9_000_000, FULL, FULL + 1])
def test_taking_a_settlement_back_leads_to_the_books_before_it(now: datetime, rule: Recognition, cents: int) -> None:
    grant_id, (first, second) = granted(now, rule)
    receive(first, HALF, now, "a")
    report(grant_id, now)
    before = books(grant_id), state(first), state(second), grant_state(grant_id)
    settle(grant_id, cents, now)
    take_back(grant_id, now)
    assert (books(grant_id), state(first), state(second), grant_state(grant_id)) == before
    settle(grant_id, cents, now, key="again")
    assert books(grant_id)[0] == (min(cents, HALF) if rule is Recognition.RECEIPT else cents)


def test_a_settlement_enters_once(now: datetime) -> None:
    grant_id, _ = granted(now)
    report(grant_id, now)
    assert settle(grant_id, HALF, now) == settle(grant_id, HALF, now)
    with pytest.raises(Refused, match="other figures"):
        settle(grant_id, HALF + 1, now)
    with pytest.raises(Refused, match="Take the settlement back"):
        settle(grant_id, HALF, now, key="another form")
    assert db.session.execute(select(func.count()).select_from(Settlement)).scalar_one() == 1


def test_the_database_itself_keeps_one_settlement_for_each_grant(now: datetime) -> None:
    grant_id, _ = granted(now)
    report(grant_id, now)
    settle(grant_id, HALF, now)
    with pytest.raises(IntegrityError), writing() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO grant_settlement (id, grant_id, settled_on, booked_on, settled_cents, correction_cents,"
            " owed_cents, reference, note, state_before, form_key, recorded_at, reversal_reason)"
            " SELECT id + 1, grant_id, settled_on, booked_on, settled_cents, correction_cents, owed_cents,"
            " reference, note, state_before, 'other', recorded_at, reversal_reason FROM grant_settlement"
        )


def test_a_repayment_enters_once_and_never_more_than_owed(now: datetime) -> None:
    grant_id, (first, _) = granted(now)
    receive(first, HALF, now, "a")
    report(grant_id, now)
    settled = settle(grant_id, HALF - 300, now)
    assert repay(settled, 200, now) == repay(settled, 200, now)
    with pytest.raises(Refused, match="other figures"):
        repay(settled, 201, now)
    with pytest.raises(Invalid, match="more than is still"):
        repay(settled, 101, now, "more")
    with pytest.raises(Refused, match="Money moved"):
        take_back(grant_id, now)
    paid = db.session.execute(select(Repayment.id)).scalar_one()
    with writing():
        services.take_back_repayment(paid, "wrong account", actor=SYSTEM, now=now)
    with pytest.raises(Refused, match="already"), writing():
        services.take_back_repayment(paid, "wrong account", actor=SYSTEM, now=now)
    assert books(grant_id)[3] == 300
    repay(settled, 300, now, "right")
    assert books(grant_id) == (HALF - 300, 0, 0, 0)


@pytest.mark.parametrize(
    ("before", "open_duty", "after"),
    [
        (G.REPORTING, False, G.CLOSED),
        (G.REPORTING, True, G.REPORTING),
        (G.TERMINATED, False, G.TERMINATED),
        (G.CLOSED, False, G.CLOSED),
    ],
)
def test_a_clawback_is_over_once_everything_is_paid_back(
    now: datetime, before: GrantState, open_duty: bool, after: GrantState
) -> None:
    grant_id, parts = granted(now)
    for place, part in enumerate(parts):
        receive(part, HALF, now, f"{place}")
    if open_duty:
        with writing():
            obligations.plan([obligation_plan()], grant_id=grant_id, actor=SYSTEM, now=now)
    report(grant_id, now, G.REPORTING if before is G.CLOSED else before)
    if before is G.CLOSED:
        report(grant_id, now, before)
    settled = settle(grant_id, FULL - 300, now)
    repay(settled, 100, now, "part")
    assert grant_state(grant_id) is G.CLAWBACK
    paid = repay(settled, 200, now, "rest")
    assert grant_state(grant_id) is after
    assert repay(settled, 200, now, "rest") == paid, "the same form again is the same repayment"
    for _turn in range(2):
        with writing():
            services.take_back_repayment(paid, "wrong account", actor=SYSTEM, now=now)
        assert grant_state(grant_id) is G.CLAWBACK, "it is owed again"
        assert books(grant_id)[3] == 200
        paid = repay(settled, 200, now, f"again-{_turn}")
        assert grant_state(grant_id) is after


def test_income_is_reduced_on_the_day_that_was_chosen_and_not_in_a_closed_month(
    now: datetime, clock: SettableClock
) -> None:
    grant_id, _ = granted(now)
    report(grant_id, now)
    with writing() as session:
        session.add(FiscalPeriod(month=date(2026, 10, 1), state=PeriodState.CLOSED))
    with pytest.raises(Refused, match="closed"):
        settle(grant_id, HALF, now, settled_on=date(2026, 10, 30), booked_on=date(2026, 10, 30))
    row = settle(grant_id, HALF, now, settled_on=date(2026, 10, 30), booked_on=date(2026, 11, 1))
    entries = select(JournalEntry.booked_on).where(JournalEntry.source_id == row)
    assert set(db.session.execute(entries).scalars()) == {date(2026, 11, 1)}


def test_nothing_else_moves_the_money_of_a_settled_grant(now: datetime) -> None:
    grant_id, (first, second) = granted(now)
    receipt = receive(first, HALF, now, "a")
    report(grant_id, now)
    settle(grant_id, 9_000_000, now)
    for act in (
        lambda: instalments.take_back(receipt, "x", actor=SYSTEM, now=now),
        lambda: instalments.unsettle(second, actor=SYSTEM, now=now),
        lambda: instalments.settle(first, "x", actor=SYSTEM, now=now),
        lambda: awards.take_back_confirmation(grant_id, "x", actor=SYSTEM, now=now),
    ):
        with pytest.raises(Refused, match="settle"), writing():
            act()
    with pytest.raises(Refused, match="settle"):
        receive(first, 1, now, "more")
    assert books(grant_id) == (9_000_000, 4_000_000, 0, 0)


def test_money_on_the_last_instalment_can_be_taken_back_and_then_the_settlement(now: datetime) -> None:
    grant_id, (first, _) = granted(now)
    receive(first, HALF, now, "a")
    report(grant_id, now)
    settle(grant_id, 9_000_000, now)
    receipt = receive(instalment_ids(grant_id)[-1], 4_000_000, now, "b")
    with pytest.raises(Refused, match="Money moved"):
        take_back(grant_id, now)
    with writing():
        instalments.take_back(receipt, "wrong", actor=SYSTEM, now=now)
    take_back(grant_id, now)
    assert books(grant_id) == (FULL, HALF, 0, 0)


def test_years_that_are_still_to_come_are_not_made_income_by_a_settlement(now: datetime, clock: SettableClock) -> None:
    years = [InstalmentPlan(expected_on=date(2026 + n, 11, 1), basis_points=2000) for n in range(5)]
    grant_id, parts = granted(now, Recognition.CONTRIBUTION_YEAR, years, ends_on=date(2031, 12, 31))
    report(grant_id, now, G.TERMINATED)
    with pytest.raises(Invalid, match="later years"):
        settle(grant_id, FULL // 5 + 1, now)
    settle(grant_id, FULL // 5, now)
    assert books(grant_id) == (FULL // 5, FULL // 5, 0, 0)
    clock.at(2028, 1, 2, 6)
    with writing():
        assert instalments.recognise_year(actor=SYSTEM, now=clock.now()) == 0
    assert books(grant_id)[0] == FULL // 5


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"settled_cents": -1}, "amount"),
        ({"note": " "}, "note"),
        ({"settled_on": date(2026, 11, 24)}, "settled_on"),
        ({"booked_on": date(2026, 11, 24)}, "booked_on"),
        ({"settled_on": date(2026, 9, 30)}, "settled_on"),
    ],
)
def test_a_settlement_that_cannot_be_names_the_field(now: datetime, facts: dict[str, object], field: str) -> None:
    grant_id, _ = granted(now)
    report(grant_id, now)
    filled = {"settled_cents": 1, **facts}
    cents = filled.pop("settled_cents")
    with pytest.raises(Invalid) as error:
        settle(grant_id, cents, now, **filled)  # type: ignore[arg-type]
    assert error.value.field == field


def test_a_running_grant_is_not_settled_and_a_clawback_is_not_a_mere_move(now: datetime) -> None:
    grant_id, _ = granted(now)
    with pytest.raises(Refused, match="reported on"):
        settle(grant_id, 1, now)
    report(grant_id, now)
    with pytest.raises(Invalid), writing():
        awards.move(grant_id, G.CLAWBACK, note="x", actor=SYSTEM, now=now)


@dose(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rule=st.sampled_from(RULES),
    first=st.integers(0, 6_000_000),
    second=st.integers(0, 6_000_000),
    settled=st.integers(0, 12_000_000),
    share=st.integers(0, 100),
    again=st.booleans(),
)
def test_whatever_came_in_the_books_end_at_what_was_settled(
    now: datetime, rule: Recognition, first: int, second: int, settled: int, share: int, again: bool
) -> None:
    grant_id, parts = granted(now, rule)
    for place, cents in enumerate((first, second)):
        if cents:
            receive(parts[place], cents, now, f"{grant_id}-{place}")
    report(grant_id, now)
    before = books(grant_id)
    settled_id = settle(grant_id, settled, now, key=f"{grant_id}")
    came = first + second
    owed = max(0, came - settled)
    income = min(settled, came) if rule is Recognition.RECEIPT else settled
    assert books(grant_id) == (income, max(0, income - came), 0, owed)
    if back := owed * share // 100:
        repay(settled_id, back, now, f"r{grant_id}")
        assert books(grant_id)[3] == owed - back
    elif again:
        take_back(grant_id, now)
        assert books(grant_id) == before


def test_a_wrong_form_changes_nothing(now: datetime) -> None:
    grant_id, _ = granted(now)
    report(grant_id, now)
    before = books(grant_id)
    with pytest.raises(DomainError), writing():
        services.settle(grant_id, settlement(-5), actor=SYSTEM, now=now)
    assert books(grant_id) == before
