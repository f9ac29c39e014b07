"""Budget against actual of each partner: where a budget comes from, and sums that are the grant's."""

from __future__ import annotations

from datetime import date, datetime
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.extensions import writing
from app.grants.budgets import by_partner, queries, services
from app.grants.budgets.by_partner import PartnerSpending, Source
from app.grants.budgets.models import Category
from app.grants.budgets.services import LinePlan
from app.grants.expenses import services as expenses
from app.grants.expenses.services import ExpenseFacts
from app.grants.partners import services as partners
from app.grants.partners import sub_grants
from app.grants.partners.models import Booking
from app.grants.partners.sub_grants import SubGrantFacts
from tests.factories import consortium as make
from tests.factories import grants
from tests.support.client import Client

DAY = date(2026, 11, 20)
AMOUNTS = st.integers(1, 9_000_000)


def budget(grant_id: int, now: datetime, *plans: tuple[int, int | None]) -> None:
    made = [
        LinePlan(name=f"Regel {place}", category=Category.STAFF, cents=cents, partner_id=whose)
        for place, (cents, whose) in enumerate(plans)
    ]
    services.save_draft(grant_id, made, actor=SYSTEM, now=now)
    services.put_in_force(grant_id, actor=SYSTEM, now=now)


def agreed(partner_id: int, cents: int, now: datetime) -> None:
    facts = SubGrantFacts(
        title="Opvang", amount_cents=cents, booking=Booking.PRINCIPAL, starts_on=DAY, ends_on=date(2027, 6, 1)
    )
    sub_grants.agree(sub_grants.plan(partner_id, facts, actor=SYSTEM, now=now), agreed_on=DAY, actor=SYSTEM, now=now)


def spend(grant_id: int, cents: int, partner_id: int | None, now: datetime, **facts: int) -> int:
    made = ExpenseFacts(spent_on=DAY, cents=cents, description="kosten", partner_id=partner_id, **facts)
    return expenses.enter(grant_id, made, form_key=uuid4().hex, actor=SYSTEM, now=now)


def shown(found: list[PartnerSpending]) -> list[tuple[str, Source, int, int]]:
    return [(each.name, each.source, each.budget_cents, each.spent_cents) for each in found]


def test_a_budget_comes_from_lines_else_sub_grants_else_the_share(fundraiser: Client, now: datetime) -> None:
    with writing():
        grant_id = grants.grant(now)
        lined, passed, shared, none = (
            make.partner(grant_id, now, name, share_basis_points=share)
            for name, share in (("CKM", 4000), ("ECPAT", 1000), ("Fier", 1500), ("Tdh", None))
        )
        budget(grant_id, now, (2_000_000, lined), (500_000, lined), (7_500_000, None))
        for partner_id in (lined, passed):
            agreed(partner_id, 1_200_000, now)
        for cents, whose in ((900_000, lined), (1_300_000, passed), (100, none), (400_000, None)):
            spend(grant_id, cents, whose, now)
    assert shown(by_partner.of_grant(grant_id, 10_000_000)) == [
        ("CKM", Source.LINES, 2_500_000, 900_000),
        ("ECPAT", Source.SUB_GRANT, 1_200_000, 1_300_000),
        ("Fier", Source.SHARE, 1_500_000, 0),
        ("Tdh", Source.NONE, 0, 100),
        ("", Source.REST, 4_800_000, 400_000),
    ]
    page = fundraiser.get(f"/grants/{grant_id}/budget").text
    assert "volgens hun aandeel in de subsidie" in page
    assert page.count("boven de begroting") == 2
    only = fundraiser.get(f"/grants/{grant_id}/expenses?partner={passed}").text
    assert "13.000,00" in only
    assert "9.000,00" not in only
    assert "4.000,00" in fundraiser.get(f"/grants/{grant_id}/expenses?partner=ours").text


def test_whose_a_line_is_is_chosen_on_the_page_and_kept_in_each_version(fundraiser: Client, now: datetime) -> None:
    with writing():
        grant_id = grants.grant(now)
        own = make.partner(grant_id, now, "CKM")
        budget(grant_id, now, (4_000_000, own), (6_000_000, None))
    first, second = queries.lines(grant_id)
    sent = {"version": 0, "lines-0-line_id": first.id, "lines-0-name": "Regel 0", "lines-0-category": "staff",
            "lines-0-amount": "40.000,00", "lines-0-partner_id": "", "lines-1-line_id": second.id,
            "lines-1-name": "Regel 1", "lines-1-category": "staff", "lines-1-amount": "60.000,00",
            "lines-1-partner_id": own}  # fmt: skip
    address = f"/grants/{grant_id}/budget/draft"
    refused = fundraiser.post(address, data=sent | {"lines-1-partner_id": "12345"})
    assert refused.status_code == 422
    assert fundraiser.post(address, data=sent).status_code == 303
    with writing():
        services.put_in_force(grant_id, actor=SYSTEM, now=now)
    assert [line.partner_id for line in queries.lines(grant_id)] == [None, own]
    old = queries.versions(grant_id)[1]
    assert [row.partner_id for row in queries.rows_of(old.id)] == [own, None]
    assert "CKM" in fundraiser.get(f"/grants/budgets/{old.id}").text
    with pytest.raises(Refused), writing():
        partners.remove(own, version=None, actor=SYSTEM, now=now)


def test_a_line_is_for_a_partner_of_this_grant_only(now: datetime) -> None:
    with writing():
        stranger = make.partner(grants.grant(now), now, "Fier")
        grant_id = grants.grant(now)
    with pytest.raises(Invalid) as told, writing():
        budget(grant_id, now, (100, None), (100, stranger))
    assert told.value.field == "lines-1-partner_id"


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.tuples(AMOUNTS, st.integers(0, 3)), max_size=5),
    passed=st.lists(st.tuples(st.integers(1, 2_000_000), st.integers(1, 3)), max_size=3),
    points=st.lists(st.one_of(st.none(), st.integers(0, 6000)), min_size=3, max_size=3),
    costs=st.lists(st.tuples(AMOUNTS, st.integers(0, 3), st.integers(0, 100)), max_size=5),
)
def test_the_partners_and_ourselves_are_the_grant(
    now: datetime,
    lines: list[tuple[int, int]],
    passed: list[tuple[int, int]],
    points: list[int | None],
    costs: list[tuple[int, int, int]],
) -> None:
    """Whatever lines, sub-grants, shares, expenses, and costs that another grant pays in part."""
    with writing():
        grant_id, other = grants.grant(now), grants.grant(now)
        ids: list[int | None] = [None]
        ids += [make.partner(grant_id, now, uuid4().hex, share_basis_points=share) for share in points]
        if lines:
            budget(grant_id, now, *((cents, ids[whose]) for cents, whose in lines))
        for cents, whose in passed:
            agreed(ids[whose] or 0, cents, now)
        for cents, whose, percent in costs:
            row_id = spend(grant_id, cents, ids[whose], now)
            mine = spend(other, cents, None, now, full_cents=2 * cents)
            expenses.share(mine, grant_id, cents * percent // 100, actor=SYSTEM, now=now)
            assert row_id != mine
    found = queries.lines(grant_id)
    total = sum(line.revised_cents for line in found) or 10_000_000
    rows = by_partner.of_grant(grant_id, total)
    assert [row.partner_id for row in rows[:-1]] == [each.id for each in partners_of(grant_id)]
    assert sum(row.budget_cents for row in rows) == total
    assert sum(row.spent_cents for row in rows) == sum(queries.spent_by_line(grant_id).values())
    assert sum(row.spent_cents for row in rows) == sum(cents + cents * percent // 100 for cents, _, percent in costs)
    if found:
        mine = {line.partner_id for line in found}
        assert all((row.partner_id in mine) == (row.source is Source.LINES) for row in rows[:-1])


def partners_of(grant_id: int) -> list[by_partner.PartnerView]:
    return by_partner.partners.partners(grant_id)
