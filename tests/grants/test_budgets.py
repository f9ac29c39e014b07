"""Budgets: versions, tolerance, amendments that write through, and the pace of spending."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.errors import Refused
from app.extensions import db, writing
from app.grants.awards import services as awards
from app.grants.awards.models import Grant, GrantState
from app.grants.budgets import amendments, pace, queries, services
from app.grants.budgets.amendments import Asked
from app.grants.budgets.models import AmendmentKind, BudgetState, Category
from app.grants.budgets.services import LinePlan
from app.grants.obligations.models import Obligation
from app.ui.permissions import Role
from tests.factories import grants as make
from tests.grants import money_stories as story
from tests.support.client import Client


def plan(name: str, cents: int, line_id: int | None = None, tolerance: int | None = 1000) -> LinePlan:
    return LinePlan(name=name, category=Category.STAFF, cents=cents, tolerance_bp=tolerance, line_id=line_id)


def with_budget(now: datetime) -> tuple[int, list[int]]:
    grant_id = make.grant(now)
    services.save_draft(grant_id, [plan("Staf", 6_000_000), plan("Reis", 4_000_000)], actor=SYSTEM, now=now)
    services.put_in_force(grant_id, actor=SYSTEM, now=now)
    return grant_id, [line.id for line in queries.lines(grant_id)]


def test_a_shift_within_tolerance_needs_no_funder_and_keeps_the_old_version(app: Flask, now: datetime) -> None:
    with writing():
        grant_id, (staff, travel) = with_budget(now)
        shifted = [plan("Staf", 6_400_000, staff), plan("Reis", 3_600_000, travel)]
        services.save_draft(grant_id, shifted, actor=SYSTEM, now=now)
        services.put_in_force(grant_id, actor=SYSTEM, now=now)
    assert [(v.number, v.state) for v in queries.versions(grant_id)] == [
        (2, BudgetState.IN_FORCE),
        (1, BudgetState.SUPERSEDED),
    ]
    assert [(line.id, line.approved_cents, line.revised_cents) for line in queries.lines(grant_id)] == [
        (staff, 6_000_000, 6_400_000),
        (travel, 4_000_000, 3_600_000),
    ]
    old = queries.versions(grant_id)[1]
    assert [row.revised_cents for row in queries.rows_of(old.id)] == [6_000_000, 4_000_000]


@pytest.mark.parametrize(
    ("staff_cents", "travel_cents", "tolerance"),
    [(6_400_001, 3_599_999, 1000), (6_000_000, 4_000_001, 1000), (6_000_000, 4_000_000, 2000)],
)
def test_beyond_tolerance_the_funder_decides(
    app: Flask, now: datetime, staff_cents: int, travel_cents: int, tolerance: int
) -> None:
    with writing():
        grant_id, (staff, travel) = with_budget(now)
        wanted = [plan("Staf", staff_cents, staff, tolerance), plan("Reis", travel_cents, travel)]
        services.save_draft(grant_id, wanted, actor=SYSTEM, now=now)
    with pytest.raises(Refused), writing():
        services.put_in_force(grant_id, actor=SYSTEM, now=now)
    current = queries.in_force(grant_id)
    assert current is not None
    assert current.number == 1


def test_an_approved_change_writes_through(app: Flask, now: datetime) -> None:
    with writing():
        grant_id, (staff, travel) = with_budget(now)
        awards.sign(grant_id, agreed_on=date(2026, 10, 5), actor=SYSTEM, now=now)
        duty = db.session.execute(select(Obligation).where(Obligation.grant_id == grant_id)).scalars().one()
        wanted = [plan("Staf", 9_000_000, staff), plan("Reis", 1_000_000, travel)]
        services.save_draft(grant_id, wanted, actor=SYSTEM, now=now)
        asked = Asked(
            kind=AmendmentKind.EXTENSION,
            reason="Scholen begonnen later",
            requested_on=date(2026, 11, 1),
            ends_on=date(2028, 3, 31),
            with_budget=True,
            dues={duty.id: date(2027, 9, 1)},
        )
        amendment_id = amendments.request(grant_id, asked, actor=SYSTEM, now=now)
        assert db.session.get_one(Grant, grant_id).ends_on == date(2027, 9, 30)
    with pytest.raises(Refused), writing():
        services.save_draft(grant_id, wanted, version=1, actor=SYSTEM, now=now)
    with writing():
        amendments.approve(amendment_id, decided_on=date(2026, 11, 20), answer="Akkoord", actor=SYSTEM, now=now)
    grant = db.session.get_one(Grant, grant_id)
    assert (grant.ends_on, grant.state) == (date(2028, 3, 31), GrantState.EXTENDED)
    assert db.session.get_one(Obligation, duty.id).due_on == date(2027, 9, 1)
    assert [line.revised_cents for line in queries.lines(grant_id)] == [9_000_000, 1_000_000]
    row = queries.amendment(amendment_id)
    assert row.was_ends_on == date(2027, 9, 30)
    assert [due.was_due_on for due, _ in queries.dues_of(amendment_id)] == [date(2027, 6, 1)]
    with pytest.raises(Refused), writing():
        amendments.refuse(amendment_id, decided_on=date(2026, 11, 20), answer="Nee", actor=SYSTEM, now=now)


@pytest.mark.parametrize("kind", [AmendmentKind.REALLOCATION, AmendmentKind.SCOPE])
def test_each_kind_writes_through_and_keeps_the_old_version(app: Flask, now: datetime, kind: AmendmentKind) -> None:
    amount = 12_000_000 if kind is AmendmentKind.SCOPE else None
    with writing():
        grant_id, (staff, travel) = with_budget(now)
        before = queries.in_force(grant_id)
        assert before is not None
        wanted = [plan("Staf", 8_000_000, staff), plan("Reis", (amount or 10_000_000) - 8_000_000, travel)]
        services.save_draft(grant_id, wanted, actor=SYSTEM, now=now)
        asked = Asked(
            kind=kind, reason="Meer begeleiding", requested_on=date(2026, 11, 1), amount_cents=amount, with_budget=True
        )
        amendment_id = amendments.request(grant_id, asked, actor=SYSTEM, now=now)
        assert [line.revised_cents for line in queries.lines(grant_id)] == [6_000_000, 4_000_000]  # asked is not given
        amendments.approve(amendment_id, decided_on=date(2026, 11, 20), actor=SYSTEM, now=now)
    assert db.session.get_one(Grant, grant_id, populate_existing=True).amount_cents == (amount or 10_000_000)
    assert [line.revised_cents for line in queries.lines(grant_id)] == [line.cents for line in wanted]
    assert [line.id for line in queries.lines(grant_id)] == [staff, travel]  # what was spent stays on its line
    old = queries.version(before.id)
    assert old.state is not BudgetState.IN_FORCE
    assert [row.revised_cents for row in queries.rows_of(old.id)] == [6_000_000, 4_000_000]
    assert queries.amendment(amendment_id).was_amount_cents == 10_000_000


def test_a_refused_change_changes_nothing(app: Flask, now: datetime) -> None:
    with writing():
        grant_id, _ = with_budget(now)
        asked = Asked(
            kind=AmendmentKind.SCOPE, reason="Meer scholen", requested_on=date(2026, 11, 1), amount_cents=12_000_000
        )
        amendment_id = amendments.request(grant_id, asked, actor=SYSTEM, now=now)
        amendments.refuse(amendment_id, decided_on=date(2026, 11, 2), answer="Geen geld", actor=SYSTEM, now=now)
    assert db.session.get_one(Grant, grant_id).amount_cents == 10_000_000


months = st.dictionaries(
    st.sampled_from([date(2026 + i // 12, i % 12 + 1, 1) for i in range(5, 40)]),
    st.integers(-10_000, 10_000_000),
    max_size=12,
)


@given(months, st.integers(0, 10**10), st.dates(date(2026, 1, 1), date(2030, 1, 1)))
def test_the_curve_ends_at_the_whole_and_loses_no_cent(by_month: dict[date, int], budget: int, today: date) -> None:
    made = pace.curve(by_month, budget, date(2027, 1, 15), date(2028, 6, 30), today)
    assert made.planned == sorted(made.planned)
    assert made.planned[-1] == budget
    assert all(low <= plan <= high for low, plan, high in zip(made.low, made.planned, made.high, strict=True))
    if today >= date(2028, 6, 1):
        assert made.actual[-1] == sum(by_month.values())


def test_the_pace_says_how_far_off_it_is() -> None:
    found = pace.pace(70_00, 100_00, date(2026, 1, 1), date(2026, 12, 31), date(2026, 6, 30))
    assert (round(found.points, 2), found.band) == (0.2, pace.Band.RISK)
    for day, band in ((date(2025, 12, 31), pace.Band.NOT_BEGUN), (date(2026, 1, 1), pace.Band.ON_COURSE)):
        assert pace.pace(0, 100_00, date(2026, 1, 1), date(2026, 12, 31), day).band is band


@pytest.mark.parametrize("kind", [AmendmentKind.EXTENSION, AmendmentKind.REALLOCATION, AmendmentKind.SCOPE])
def test_what_was_asked_before_the_settlement_changes_nothing_of_a_settled_grant(
    now: datetime, kind: AmendmentKind
) -> None:
    grant_id, _parts = story.granted(now)
    with writing():
        services.save_draft(grant_id, [plan("Staf", 10_000_000)], actor=SYSTEM, now=now)
        asked = Asked(
            kind=kind, reason="later", requested_on=date(2026, 11, 1), ends_on=date(2028, 1, 1),
            with_budget=True, amount_cents=11_000_000 if kind is AmendmentKind.SCOPE else None,
        )  # fmt: skip
        amendment_id = amendments.request(grant_id, asked, actor=SYSTEM, now=now)
    story.report(grant_id, now)
    story.settle(grant_id, 9_000_000, now)
    with pytest.raises(Refused, match="settlement"), writing():
        amendments.approve(amendment_id, decided_on=date(2026, 11, 23), finance=True, actor=SYSTEM, now=now)
    grant = db.session.get_one(Grant, grant_id, populate_existing=True)
    assert (grant.ends_on, grant.amount_cents, queries.in_force(grant_id)) == (date(2027, 9, 30), 10_000_000, None)
    with writing():
        amendments.refuse(amendment_id, decided_on=date(2026, 11, 23), answer="vastgesteld", actor=SYSTEM, now=now)


def ask(grant_id: int, now: datetime, **facts: Any) -> int:
    with writing():
        asked = Asked(reason="later begonnen", requested_on=date(2026, 11, 1), **facts)
        return amendments.request(grant_id, asked, actor=SYSTEM, now=now)


def test_of_two_changes_asked_the_one_that_comes_too_late_says_so(now: datetime, fundraiser: Client) -> None:
    grant_id, _parts = story.granted(now)
    later, sooner = (
        ask(grant_id, now, kind=AmendmentKind.EXTENSION, ends_on=day) for day in (date(2028, 6, 30), date(2028, 3, 31))
    )
    assert "is de subsidie veranderd" not in fundraiser.get(f"/grants/amendments/{sooner}").text
    with writing():
        amendments.approve(later, decided_on=date(2026, 11, 20), actor=SYSTEM, now=now)
    page = fundraiser.get(f"/grants/amendments/{sooner}").text
    assert "Sinds dit is gevraagd, is de subsidie veranderd: die loopt nu tot en met 30-06-2028" in page
    with pytest.raises(Refused, match="By now the grant ends"), writing():
        amendments.approve(sooner, decided_on=date(2026, 11, 20), actor=SYSTEM, now=now)
    assert db.session.get_one(Grant, grant_id, populate_existing=True).ends_on == date(2028, 6, 30)


def test_what_an_amount_changes_is_told_from_what_the_grant_is_by_now(
    now: datetime, sign_in: Callable[[Role | str], Client]
) -> None:
    grant_id, _parts = story.granted(now)
    first, second = (
        ask(grant_id, now, kind=AmendmentKind.SCOPE, amount_cents=cents) for cents in (12_000_000, 11_000_000)
    )
    finance = sign_in("finance")
    assert "Er komt een termijn van €\xa010.000,00 bij" in finance.get(f"/grants/amendments/{second}/book").text
    with writing():
        amendments.approve(first, decided_on=date(2026, 11, 20), finance=True, actor=SYSTEM, now=now)
    assert "€\xa010.000,00 gaat af van" in finance.get(f"/grants/amendments/{second}/book").text
    assert "het bedrag is nu €\xa0120.000,00" in finance.get(f"/grants/amendments/{second}").text
    with writing():
        amendments.approve(second, decided_on=date(2026, 11, 20), finance=True, actor=SYSTEM, now=now)
    assert story.books(grant_id)[:2] == (11_000_000, 11_000_000)
