"""Restricted money by fund: every cent received and spent is somewhere, once, however grants are divided."""

from __future__ import annotations

from datetime import date, datetime
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from app.base.actor import SYSTEM
from app.base.errors import Invalid
from app.extensions import db, writing
from app.grants.awards.models import Grant, Recognition
from app.grants.expenses import services as expenses
from app.grants.expenses.services import ExpenseFacts
from app.grants.instalments import services as instalments
from app.grants.partners import passing_on, sub_grants
from app.grants.partners.models import Booking
from app.grants.partners.sub_grants import SubGrantFacts
from app.grants.restricted import queries, services
from app.grants.restricted.queries import FREE, Tie
from app.grants.restricted.services import Division
from app.grants.settlements import services as settlements
from app.programmes import services as programmes
from tests.factories.consortium import partner
from tests.factories.organisation import make_programme
from tests.grants.money_stories import FULL, HALF, granted, receive, report, settle
from tests.support.client import Client


def fund(slug: str, now: datetime, programme_id: int | None = None, *, restricted: bool = True) -> int:
    with writing():
        return programmes.save_fund(
            None, slug=slug, name_nl=f"Fonds {slug}", name_en=f"Fund {slug}", programme_id=programme_id,
            restricted=restricted, actor=SYSTEM, now=now,
        )  # fmt: skip


def spend(grant_id: int, cents: int, now: datetime, key: str = "e1") -> None:
    facts = ExpenseFacts(spent_on=date(2026, 11, 20), cents=cents, description="zaal")
    with writing():
        expenses.enter(grant_id, facts, form_key=key, actor=SYSTEM, now=now)


def divide(grant_id: int, *parts: Division, version: int | None = None) -> None:
    with writing():
        services.divide(grant_id, parts, version=version, actor=SYSTEM, now=datetime.fromisoformat("2026-11-23T12:00Z"))


def by_purpose() -> dict[queries.Purpose, tuple[int, int, int]]:
    return {each.purpose: (each.received, each.spent, each.unspent) for each in queries.totals(queries.shares(), "nl")}


def test_a_fund_holds_what_came_less_what_was_spent_and_paid_back(now: datetime) -> None:
    watch = fund("watch", now)
    grant_id, (first, second) = granted(now, Recognition.RECEIPT, fund_id=watch)
    assert by_purpose() == {}  # nothing came yet
    kept = receive(first, HALF, now, "a")
    receive(second, 1_000_000, now, "b")
    spend(grant_id, 2_000_000, now)
    assert by_purpose() == {(Tie.FUND, watch): (6_000_000, 2_000_000, 4_000_000)}
    with writing():
        instalments.take_back(kept, "verkeerd", actor=SYSTEM, now=now)
    assert by_purpose() == {(Tie.FUND, watch): (1_000_000, 2_000_000, 0)}  # advanced, never below nothing
    (only,) = queries.shares()
    assert only.advanced == 1_000_000
    assert only.received - only.spent == only.unspent - only.advanced


def test_a_division_splits_to_the_cent_and_the_rest_stays_with_the_grants_own_purpose(now: datetime) -> None:
    schools, own = make_programme("scholen"), make_programme("opvang")
    watch = fund("watch", now)
    grant_id, (first, _) = granted(now, programme_id=own)
    receive(first, 100_01, now, "a")
    divide(grant_id, Division(fund_id=watch, basis_points=3333), Division(programme_id=schools, cents=HALF))
    assert by_purpose() == {
        (Tie.FUND, watch): (33_33, 0, 33_33),
        (Tie.PROGRAMME, schools): (50_01, 0, 50_01),
        (Tie.PROGRAMME, own): (16_67, 0, 16_67),
    }
    divide(grant_id)
    assert by_purpose() == {(Tie.PROGRAMME, own): (100_01, 0, 100_01)}


def test_money_without_a_purpose_is_free_and_not_among_the_restricted(now: datetime) -> None:
    _, (first, _) = granted(now)
    receive(first, 5_00, now, "a")
    assert by_purpose() == {}
    assert [(each.purpose, each.unspent) for each in queries.shares()] == [(FREE, 5_00)]


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([{"basis_points": 6000}, {"cents": HALF}], "parts-1-amount"),  # 60% and half
        ([{"cents": 100}, {"cents": 100, "same": True}], "parts-1-purpose"),
        ([{"cents": 100, "nothing": True}], "parts-0-purpose"),
        ([{"cents": 0}], "parts-0-amount"),
    ],
)
def test_a_division_that_cannot_be_names_the_field(now: datetime, parts: list[dict[str, int]], field: str) -> None:
    funds = [fund("a", now), fund("b", now)]
    grant_id, _ = granted(now)
    made = []
    for place, part in enumerate(map(dict, parts)):
        chosen = None if part.pop("nothing", 0) else funds[0 if part.pop("same", 0) else place]
        made.append(Division(fund_id=chosen, **part))
    with pytest.raises(Invalid) as refused:
        divide(grant_id, *made)
    assert refused.value.field == field


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shares=st.lists(st.integers(1, 4000), max_size=2),
    came=st.lists(st.integers(1, HALF), min_size=1, max_size=3),
    costs=st.lists(st.integers(1, FULL), max_size=3),
)
def test_every_cent_is_somewhere_once(now: datetime, shares: list[int], came: list[int], costs: list[int]) -> None:
    funds = [fund(f"f-{uuid4().hex}", now) for _ in range(2)]
    grant_id, (first, _) = granted(now, Recognition.RECEIPT, fund_id=funds[0])
    for n, cents in enumerate(came):
        receive(first, cents, now, f"{grant_id}-{n}")
    for n, cents in enumerate(costs):
        spend(grant_id, cents, now, f"{grant_id}-{n}")
    divide(grant_id, *(Division(fund_id=f, basis_points=s) for f, s in zip(reversed(funds), shares, strict=False)))
    found = queries.shares(grant_id)
    sums = [sum(getattr(each, name) for each in found) for name in ("received", "spent", "unspent", "advanced")]
    left = sum(came) - sum(costs)
    assert sums == [sum(came), sum(costs), max(left, 0), max(-left, 0)]
    assert all(each.received - each.spent == each.unspent - each.advanced for each in found)


def test_money_paid_back_is_not_there_any_more(now: datetime) -> None:
    watch = fund("watch", now)
    grant_id, (first, _) = granted(now, fund_id=watch)
    receive(first, HALF, now, "a")
    report(grant_id, now)
    owed = settle(grant_id, 4_000_000, now)
    with writing():
        settlements.repay(
            owed, paid_on=date(2026, 11, 23), amount_cents=1_000_000, bank_reference="uit", form_key="r",
            actor=SYSTEM, now=now,
        )  # fmt: skip
    assert by_purpose() == {(Tie.FUND, watch): (4_000_000, 0, 4_000_000)}


def statements(client: Client, fund_id: int) -> int:
    client.get(f"/grants/restricted?fund={fund_id}")  # what is kept for some seconds is read now
    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", listener := lambda *args: seen.append(args[2]))
    client.get(f"/grants/restricted?fund={fund_id}")
    event.remove(db.engine, "before_cursor_execute", listener)
    return len(seen)


@pytest.mark.parametrize(
    ("booking", "received", "spent"), [(Booking.CASHIER, 3_000_000, 100), (Booking.PRINCIPAL, 5_000_000, 2_000_100)]
)
def test_what_we_only_pass_on_is_not_ours_and_what_we_answer_for_is_spent(
    now: datetime, booking: Booking, received: int, spent: int
) -> None:
    watch = fund("watch", now)
    grant_id, (first, _) = granted(now, fund_id=watch)
    receive(first, HALF, now, "a")
    with writing():
        partner_id = partner(grant_id, now)
        period = {"starts_on": date(2027, 1, 1), "ends_on": date(2027, 12, 31)}
        facts = SubGrantFacts(title="Opvang", amount_cents=2_000_000, booking=booking, **period)
        held = sub_grants.plan(partner_id, facts, actor=SYSTEM, now=now)
        part_id = sub_grants.plan_instalment(
            held, amount_cents=2_000_000, due_on=date(2026, 11, 1), actor=SYSTEM, now=now
        )
        sub_grants.agree(held, agreed_on=date(2026, 11, 1), actor=SYSTEM, now=now)
        passing_on.owe([part_id], actor=SYSTEM, now=now)
        theirs = ExpenseFacts(spent_on=date(2026, 11, 20), cents=900, description="zaal", partner_id=partner_id)
        expenses.enter(grant_id, theirs, form_key="theirs", actor=SYSTEM, now=now)
    spend(grant_id, 100, now)
    assert by_purpose() == {(Tie.FUND, watch): (received, spent, 2_999_900)}


def test_the_page_shows_the_definition_drills_down_and_takes_the_same_statements(
    now: datetime, fundraiser: Client
) -> None:
    watch = fund("watch", now)
    grant_id, (first, _) = granted(now, fund_id=watch)
    receive(first, HALF, now, "a")
    page = fundraiser.get(f"/grants/restricted?fund={watch}").text
    assert "Fonds watch" in page
    assert "50.000,00" in page
    assert f'href="/grants/{grant_id}"' in page
    assert "nooit onder nul" in page
    file = fundraiser.get("/grants/restricted.csv")
    assert "Fonds watch;Preventie op scholen" in file.text
    assert fundraiser.get("/grants/restricted?fund=123").status_code == 200

    form = f"/grants/{grant_id}/division"
    version = str(db.session.get_one(Grant, grant_id, populate_existing=True).version)
    sent = {"version": version, "parts-0-purpose": f"fund-{watch}", "parts-0-amount": "120%"}
    assert fundraiser.get(form).status_code == 200
    assert fundraiser.post(form, data=sent).status_code == 422
    assert fundraiser.post(form, data=sent | {"parts-0-amount": "40%", "parts-1-amount": "5,00"}).status_code == 422
    assert fundraiser.post(form, data=sent | {"parts-0-amount": "40%"}).status_code == 303
    assert "Fonds watch" in fundraiser.get(f"/grants/{grant_id}").text
    few = statements(fundraiser, watch)
    for number in range(3):
        receive(granted(now, fund_id=fund(f"f{number}", now))[1][0], 100, now, f"k{number}")
    assert statements(fundraiser, watch) == few
