"""Projects and cover: sums that always come out, rules that warn, claims of at most all, nobody's words lost."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from app.audit.models import AuditEvent
from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.extensions import db, writing
from app.grants.budgets import queries as budgets
from app.grants.budgets import services as budget_services
from app.grants.budgets.models import Category
from app.grants.budgets.services import LinePlan as BudgetPlan
from app.grants.expenses import services as expenses
from app.grants.expenses.models import Expense, ExpenseShare
from app.grants.expenses.services import ExpenseFacts
from app.grants.projects import plan as plans
from app.grants.projects import planning, queries, services
from app.grants.projects.models import OverheadRule, SourceKind
from app.grants.projects.plan import Line, Part, Rule, Source
from app.grants.projects.planning import LinePlan
from app.grants.projects.services import ProjectFacts, RuleFacts
from tests.factories import grants as make
from tests.support.client import Client

OWN = Source(1, SourceKind.OWN, "Eigen middelen")


def fund(source_id: int, **rule: Any) -> Source:
    return Source(source_id, SourceKind.GRANT, f"Fonds {source_id}", source_id, 10**12, rule=Rule(**rule))


def project(now: datetime, name: str = "Online veilig") -> int:
    facts = ProjectFacts(name=name, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31))
    return services.create(facts, actor=SYSTEM, now=now)


def budget_of(grant_id: int, now: datetime) -> int:
    only = [BudgetPlan(name="Begeleiding", category=Category.STAFF, cents=6_000_000)]
    budget_services.save_draft(grant_id, only, actor=SYSTEM, now=now)
    budget_services.put_in_force(grant_id, actor=SYSTEM, now=now)
    return budgets.lines(grant_id)[0].id


def cost(grant_id: int, now: datetime, key: str = "a", **facts: Any) -> int:
    filled = ExpenseFacts(**({"spent_on": date(2026, 11, 2), "cents": 0, "full_cents": 10_000} | facts))
    return expenses.enter(grant_id, filled, form_key=key, actor=SYSTEM, now=now)


# Sums

parts = st.one_of(
    st.builds(Part, cents=st.integers(0, 10**9)),
    st.builds(Part, share_bp=st.integers(1, 99_999)),
)
lines = st.lists(
    st.tuples(st.integers(0, 10**9), st.sampled_from(Category), st.one_of(st.none(), st.integers(1, 10**6))), max_size=6
)


@given(lines, st.lists(st.one_of(st.none(), st.integers(1, 20_000)), max_size=5), st.data())
def test_rows_and_columns_come_to_the_same_and_nothing_is_lost(
    drawn: list[Any], caps: list[int | None], data: st.DataObject
) -> None:
    sources = [fund(place, max_rate_cents=cap) for place, cap in enumerate(caps)]
    made = []
    for place, (cents, category, hours) in enumerate(drawn):
        whole = plans.cost_of_hours(hours, 7_500) if hours else cents
        made.append(Line(place, "regel", category, whole, hours, 7_500 if hours else None))
    said = {(line.id, source.id): data.draw(parts) for line in made for source in sources if data.draw(st.booleans())}
    plan = plans.make(sources, made, said)
    assert plan.covered_cents == sum(plan.of_source(each.id) for each in sources)
    assert plan.cost_cents - plan.gap_cents + plan.double_cents == plan.covered_cents
    for row in plan.rows:
        assert row.line.cents == row.covered_cents + row.gap_cents - row.double_cents
        assert not (row.gap_cents and row.double_cents)
        assert all(cents >= 0 for cents in row.cells.values())


@given(st.integers(0, 10**10), st.lists(st.integers(1, 3000), min_size=1, max_size=6))
def test_shares_that_come_to_the_whole_come_to_it_to_the_cent(cents: int, weights: list[int]) -> None:
    shares = [weight * 10_000 // sum(weights) for weight in weights]
    shares[0] += 10_000 - sum(shares)
    sources = [fund(place) for place in range(len(shares))]
    line = Line(1, "regel", Category.OTHER, cents)
    plan = plans.make(sources, [line], {(1, place): Part(share_bp=share) for place, share in enumerate(shares)})
    assert (plan.gap_cents, plan.double_cents) == (0, 0)


def test_a_funder_pays_by_its_own_rule() -> None:
    strict = fund(
        2, overhead=OverheadRule.PERCENT, overhead_bp=1000, max_rate_cents=6_000, excluded=frozenset({"travel"})
    )
    hours = Line(1, "Uren", Category.STAFF, 750_000, 10_000, 7_500)  # 100 hours at 75 euros
    travel = Line(2, "Reizen", Category.TRAVEL, 100_000)
    overhead = Line(3, "Overhead", Category.OVERHEAD, 85_000, percent_bp=1000)
    said = {
        (1, 2): Part(share_bp=10_000),  # all of it, at the funder's highest rate
        (2, 2): Part(cents=20_000),
        (3, 2): Part(cents=80_000),
        (2, 1): Part(cents=80_000),
    }
    plan = plans.make([OWN, strict], [hours, travel, overhead], said)
    assert [row.gap_cents for row in plan.rows] == [150_000, 0, 5_000]
    assert [(each.line, each.limit_cents) for each in plan.warnings] == [("Reizen", 0), ("", 62_000)]
    dear = plans.make([strict], [hours], {(1, 2): Part(cents=700_000)})
    assert [each.limit_cents for each in dear.warnings] == [600_000]
    none = plans.make([fund(4, overhead=OverheadRule.NONE)], [overhead], {(3, 4): Part(cents=1)})
    flat = plans.make(
        [fund(5, overhead=OverheadRule.FLAT, overhead_cents=50_000)], [overhead], {(3, 5): Part(cents=50_000)}
    )
    assert (len(none.warnings), len(flat.warnings)) == (1, 0)


# The plan in the database


def test_a_plan_is_kept_as_written_and_a_grant_is_not_promised_twice_unseen(app: Flask, now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)  # 100,000 euros
        first, second = project(now), project(now, "Lesbrieven")
        for each, cents in ((first, 7_000_000), (second, 4_000_000)):
            source = services.add_source(each, SourceKind.GRANT, grant_id=grant_id, actor=SYSTEM, now=now)
            line = LinePlan(name="Uren", category=Category.STAFF, cents=cents, cells={source: Part(share_bp=10_000)})
            planning.save(each, [line], version=2, actor=SYSTEM, now=now)
    plan = queries.plan(first)
    assert [(each.cents, each.limit_cents) for each in plan.warnings] == [(11_000_000, 10_000_000)]
    with writing():
        old = plan.rows[0].line
        lines = [
            LinePlan(name="Uren", category=Category.STAFF, hours_hundredths=12_550, rate_cents=8_000, line_id=old.id),
            LinePlan(name="Overhead", category=Category.OVERHEAD, percent_bp=1_250),
        ]
        planning.save(first, lines, version=3, actor=SYSTEM, now=now)
    rows = queries.plan(first).rows
    assert [(row.line.cents, row.gap_cents) for row in rows] == [(1_004_000, 1_004_000), (125_500, 125_500)]
    assert rows[0].line.id == old.id
    with pytest.raises(Refused), writing():
        planning.save(first, lines, version=3, actor=SYSTEM, now=now)
    with pytest.raises(Invalid), writing():
        services.add_source(first, SourceKind.GRANT, grant_id=grant_id, actor=SYSTEM, now=now)


def test_a_cost_counts_at_one_line_of_one_project_and_for_the_grants_that_pay_it(app: Flask, now: datetime) -> None:
    with writing():
        one, two = make.grant(now), make.grant(now, funder_id=make.funder(now, "Fonds Kind"))
        lines = [budget_of(one, now), budget_of(two, now)]
        first, second = project(now), project(now, "Lesbrieven")
        for each in (first, second):
            for grant_id in (one, two):
                services.add_source(each, SourceKind.GRANT, grant_id=grant_id, actor=SYSTEM, now=now)
            planning.save(
                each, [LinePlan(name="Uren", category=Category.STAFF, cents=20_000)], version=3, actor=SYSTEM, now=now
            )
        mine = queries.plan(first).rows[0].line.id
        planning.tie(first, dict.fromkeys(lines, mine), version=4, actor=SYSTEM, now=now)
        expense = cost(one, now, cents=5_000, budget_line_id=lines[0])
        expenses.share(expense, two, 2_000, budget_line_id=lines[1], actor=SYSTEM, now=now)
    spent = queries.spent(first)[mine]
    assert (spent.full_cents, spent.by_grant, spent.granted_cents) == (10_000, {one: 5_000, two: 2_000}, 7_000)
    theirs = queries.plan(second).rows[0].line.id
    with pytest.raises(Invalid), writing():
        planning.tie(second, {lines[0]: theirs}, version=4, actor=SYSTEM, now=now)
    with pytest.raises(Refused), writing():  # money was spent of it
        planning.save(first, [], version=5, actor=SYSTEM, now=now)


def test_one_cost_entered_at_two_grants_is_shown(app: Flask, now: datetime) -> None:
    with writing():
        one, two = make.grant(now), make.grant(now, funder_id=make.funder(now, "Fonds Kind"))
        cost(one, now, "a", cents=10_000, voucher="F-12")
        cost(two, now, "b", cents=10_000, voucher="F-12")
        cost(two, now, "c", cents=10_000, voucher="F-13")
    assert [(twin.voucher, twin.times) for twin in queries.twins([one, two])] == [("F-12", 2)]


# No cost is claimed above 100 %


def claims(expense_id: int) -> tuple[int, int]:
    """(of all funders by the cost itself, by its rows)"""
    row = db.session.get_one(Expense, expense_id)
    shares = select(func.coalesce(func.sum(ExpenseShare.cents), 0)).where(ExpenseShare.expense_id == expense_id)
    return row.cents + row.elsewhere_cents, row.cents + int(db.session.execute(shares).scalar_one())


def test_grants_that_claim_at_the_same_moment_get_at_most_the_whole(app: Flask, now: datetime) -> None:
    with writing():
        home = make.grant(now)
        others = [make.grant(now, funder_id=make.funder(now, f"Fonds {n}")) for n in range(4)]
        expense = cost(home, now, cents=1_000)

    def claim(grant_id: int) -> bool:
        with app.app_context():
            try:
                with writing():
                    expenses.share(expense, grant_id, 4_000, actor=SYSTEM, now=now)
            except Invalid:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(claim, others)) == [False, False, True, True]
    assert claims(expense) == (9_000, 9_000)


def test_whatever_is_claimed_and_corrected_the_sums_hold(app: Flask, now: datetime) -> None:
    with writing():
        home = make.grant(now)
        others = [make.grant(now, funder_id=make.funder(now, f"Fonds {n}")) for n in range(2)]
    step = st.tuples(st.integers(0, 2), st.integers(0, 12_000), st.sampled_from([10_000, 8_000, -10_000]))
    seen = 0

    @settings(max_examples=25)
    @given(st.lists(step, max_size=8))
    def story(steps: list[tuple[int, int, int]]) -> None:
        nonlocal seen
        seen += 1
        with writing():
            expense = cost(home, now, f"story-{seen}")
        for who, cents, full in steps:
            try:
                with writing():
                    if who < 2:
                        expenses.share(expense, others[who], cents, actor=SYSTEM, now=now)
                    else:
                        signed = cents if full > 0 else -cents
                        facts = ExpenseFacts(spent_on=date(2026, 11, 2), cents=signed, full_cents=full)
                        expenses.change(expense, facts, version=None, actor=SYSTEM, now=now)
            except Invalid:
                pass
            row = db.session.get_one(Expense, expense)
            total, by_rows = claims(expense)
            assert total == by_rows
            assert 0 <= total * (1 if row.full_cents > 0 else -1) <= abs(row.full_cents)
            db.session.rollback()

    story()


# The pages


def token(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, name
    return found[1]


def fields(page: str) -> dict[str, str]:
    """What the form of a page would send, unchanged."""
    inputs = re.findall(r'<input[^>]*name="([^"]+)"[^>]*?(?:value="([^"]*)")?>', page)
    chosen = re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S)
    selected = {name: (re.search(r'selected value="([^"]*)"', body) or [None, ""])[1] for name, body in chosen}
    return dict(inputs) | {name: value or "" for name, value in selected.items()}


def test_from_a_new_project_to_a_plan_with_a_gap_and_a_file(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now)
    form = fundraiser.get("/grants/projects/new").text
    facts = {"name": "Online veilig", "starts_on": "01-01-2027", "ends_on": "31-12-2027"}
    sent = {"csrf_token": token(form, "csrf_token"), **facts}
    early = fundraiser.post("/grants/projects/new", data=sent | {"ends_on": "31-12-2026"})
    assert early.status_code == 422
    assert "Online veilig" in early.text
    home = fundraiser.post("/grants/projects/new", data=sent).location
    for source in ({"kind": "grant", "grant_id": str(grant_id)}, {"kind": "own"}):
        answer = fundraiser.post(f"{home}/sources/new", data={"csrf_token": sent["csrf_token"], **source})
        assert answer.status_code == 303
    assert "Preventie" in fundraiser.get(home).text.split("voegde een dekkingsbron toe")[2]
    nameless = fundraiser.post(f"{home}/sources/new", data={"csrf_token": sent["csrf_token"], "kind": "partner"})
    assert nameless.status_code == 422
    page = fundraiser.get(f"{home}/plan").text
    one, two = re.findall(r'name="lines-0-(s\d+)"', page)
    plan = fields(page) | {
        "lines-0-name": "Uren", "lines-0-category": "staff", "lines-0-hours": "100", "lines-0-rate": "€ 75,00",
        f"lines-0-{one}": "50%", f"lines-0-{two}": "1234.56",
        "lines-1-name": "Overhead", "lines-1-category": "overhead", "lines-1-percent": "10",
        f"lines-1-{one}": "€ 1.234,56",
    }  # fmt: skip
    wrong = fundraiser.post(f"{home}/plan", data=plan | {f"lines-0-{two}": "nog niet bekend"})
    assert wrong.status_code == 422
    assert "nog niet bekend" in wrong.text
    assert "geen bedrag" in wrong.text
    unclear = fundraiser.post(f"{home}/plan", data=plan | {"lines-1-percent": "12.345"})
    assert unclear.status_code == 422
    many = fundraiser.post(f"{home}/plan", data=plan | {"count": "1", "lines-0-hours": "1.000"})
    assert "82.500,00" in many.text.split('data-tally="sums"')[1].split("</dl>")[0]
    counted = fundraiser.post(f"{home}/plan", data=plan | {"count": "1"})
    assert counted.status_code == 200
    assert "8.250,00" in counted.text.split('data-tally="sums"')[1].split("</dl>")[0]
    assert not queries.plan(int(home.rpartition("/")[2])).rows, "adding up stores nothing"
    assert fundraiser.post(f"{home}/plan", data=plan).status_code == 303
    page = fundraiser.get(home).text
    assert "€ 2.515,44 nog niet gedekt" in page.replace("\xa0", " ")
    assert "meer dan 100% gedekt: € 484,56 te veel" in page.replace("\xa0", " ")
    assert "Online veilig" in fundraiser.get(f"/grants/{grant_id}").text
    assert "Online veilig" in fundraiser.get("/grants/projects?q=Preventie").text
    assert "3750,00" in fundraiser.get(f"{home}/plan.csv").text
    assert fundraiser.get(f"{home}/plan.xlsx").data.startswith(b"PK")
    assert "Online veilig" in fundraiser.get("/grants/projects.csv?state=planned").text
    rule = fundraiser.get(f"/grants/{grant_id}/cover-rule").text
    sent = {"csrf_token": token(rule, "csrf_token"), "version": "0", "overhead": "percent"}
    assert fundraiser.post(f"/grants/{grant_id}/cover-rule", data=sent).status_code == 422
    sent |= {"overhead_percent": "7,5 %", "max_rate": "60"}
    assert fundraiser.post(f"/grants/{grant_id}/cover-rule", data=sent).status_code == 303
    assert "betaalt hoogstens € 225,00 aan overhead" in fundraiser.get(home).text.replace("\xa0", " ")


def test_what_happened_says_which_source_was_added(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        row_id = project(now)
        for kind, name in ((SourceKind.OWN, ""), (SourceKind.PARTNER, "Fier")):
            services.add_source(row_id, kind, name=name, actor=SYSTEM, now=now)
    trail = fundraiser.get(f"/grants/projects/{row_id}").text.partition('id="trail"')[2]
    assert "Eigen middelen" in trail
    assert "Fier" in trail


def test_costs_are_tied_to_the_plan_on_a_page(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        grant_id = make.grant(now)
        budget_of(grant_id, now)
        row_id = project(now)
        services.add_source(row_id, SourceKind.GRANT, grant_id=grant_id, actor=SYSTEM, now=now)
        hours = LinePlan(name="Uren", category=Category.STAFF, cents=20_000)
        planning.save(row_id, [hours], version=2, actor=SYSTEM, now=now)
    address = f"/grants/projects/{row_id}/budget-lines"
    page = fundraiser.get(address).text
    (name,) = re.findall(r'<select[^>]*name="(tie-\d+)"', page)
    line = queries.plan(row_id).rows[0].line.id
    assert fundraiser.post(address, data=fields(page) | {name: str(line)}).status_code == 303
    assert fields(fundraiser.get(address).text)[name] == str(line)
    assert list(queries.ties(row_id).values()) == [line]
    wrong = fundraiser.post(address, data=fields(fundraiser.get(address).text) | {name: "1"})
    assert wrong.status_code == 422


def test_who_comes_second_loses_nothing_and_takes_nothing_away(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        work = project(now)
        services.add_source(work, SourceKind.OWN, actor=SYSTEM, now=now)
        planning.save(
            work, [LinePlan(name="Uren", category=Category.STAFF, cents=100_000)], version=2, actor=SYSTEM, now=now
        )
    address = f"/grants/projects/{work}/plan"
    mine = fields(fundraiser.get(address).text)
    theirs = mine | {"lines-0-amount": "2000", "lines-1-name": "Reizen", "lines-1-amount": "300"}
    assert fundraiser.post(address, data=theirs).status_code == 303
    mine |= {"lines-0-name": "Uren begeleiding", "lines-1-name": "Drukwerk", "lines-1-amount": "50"}
    late = fundraiser.post(address, data=mine)
    assert late.status_code == 409
    assert "2.000,00" in late.text
    assert "Uren begeleiding" in late.text
    assert "Reizen" in late.text
    again = fundraiser.post(address, data=fields(late.text))
    assert again.status_code == 303
    rows = {row.line.name: row.line.cents for row in queries.plan(work).rows}
    assert rows == {"Uren begeleiding": 100_000, "Drukwerk": 5_000, "Reizen": 30_000}


def test_a_cost_is_shared_on_its_page_up_to_the_whole(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        home, other = make.grant(now), make.grant(now, funder_id=make.funder(now, "Fonds Kind"), title="Scholen")
        line = budget_of(other, now)
        expense = cost(home, now, cents=6_000)
    address = f"/grants/expenses/{expense}/shares"
    sent = {"csrf_token": token(fundraiser.get(address).text, "csrf_token"), "grant": f"{other}:{line}"}
    refused = fundraiser.post(address, data=sent | {"amount": "40,01"})
    assert refused.status_code == 422
    assert "40,01" in refused.text
    assert fundraiser.post(address, data=sent | {"amount": "40,00"}).status_code == 303
    assert claims(expense) == (10_000, 10_000)


def test_a_share_that_changes_nothing_leaves_no_trace(app: Flask, now: datetime, fundraiser: Client) -> None:
    with writing():
        home, other = make.grant(now), make.grant(now, funder_id=make.funder(now, "Fonds Kind"), title="Scholen")
        line = budget_of(other, now)
        expense = cost(home, now, cents=6_000)
    address = f"/grants/expenses/{expense}/shares"
    sent = {"csrf_token": token(fundraiser.get(address).text, "csrf_token"), "grant": f"{other}:{line}"}

    def left(grant: str, amount: str) -> tuple[int, int, bool]:
        answer = fundraiser.post(address, data=sent | {"grant": grant, "amount": amount})
        assert answer.status_code == 303
        told = select(func.count()).where(AuditEvent.action == "expense.shared")
        version = db.session.get_one(Expense, expense, populate_existing=True).version
        nothing = "Er is niets veranderd." in fundraiser.get(address).text
        return version, db.session.execute(told).scalar_one(), nothing

    assert left(f"{other}:{line}", "0") == (1, 0, True)
    assert left(f"{other}:{line}", "40,00") == (2, 1, False)
    assert left(f"{other}:{line}", "40,00") == (2, 1, True)
    assert left(f"{other}", "40,00") == (3, 2, False), "on no line any more"
    assert left(f"{other}", "0") == (4, 3, False)
    assert claims(expense) == (6_000, 6_000)


def test_the_list_asks_the_same_number_of_statements(app: Flask, now: datetime, fundraiser: Client) -> None:
    seen: list[str] = []
    with writing():
        project(now)
    event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))

    def asked() -> int:
        assert fundraiser.get("/grants/projects").status_code == 200
        count = len(seen)
        seen.clear()
        return count

    asked()
    before = asked()
    with writing():
        for n in range(5):
            services.add_source(project(now, f"Project {n}"), SourceKind.OWN, actor=SYSTEM, now=now)
    seen.clear()
    assert asked() == before


def test_a_rule_needs_its_figure(app: Flask, now: datetime) -> None:
    with writing():
        grant_id = make.grant(now)
    with pytest.raises(Invalid), writing():
        services.set_rule(grant_id, RuleFacts(overhead=OverheadRule.FLAT), version=0, actor=SYSTEM, now=now)
