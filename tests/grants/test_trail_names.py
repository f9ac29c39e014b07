"""In the audit trail lines, partners, rounds, sub-grants and expenses are called by their names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from flask import Flask

from app.audit import services as audit
from app.base.actor import PUBLIC, SYSTEM
from app.extensions import writing
from app.grants.budgets import queries as budget_queries
from app.grants.budgets import services as budgets
from app.grants.budgets.models import Category
from app.grants.budgets.services import LinePlan
from app.grants.expenses import services as expenses
from app.grants.expenses.services import ExpenseFacts
from app.grants.partners import services as partners
from app.grants.partners import sub_grants
from app.grants.partners.models import Booking, PartnerRole
from app.grants.partners.services import PartnerFacts
from app.grants.partners.sub_grants import SubGrantFacts
from app.grants.rounds import services as rounds
from app.grants.rounds.services import RoundFacts
from app.programmes import services as programmes
from app.ui.permissions import Role
from tests.factories import grants as make
from tests.support.client import Client


def test_what_a_grant_consists_of_is_told_by_name(
    app: Flask, now: datetime, sign_in: Callable[[Role | str], Client]
) -> None:
    with writing():
        grant_id = make.grant(now, title="Preventie")
        for name in ("Uren", "Begeleiding"):
            kept = [line.id for line in budget_queries.lines(grant_id)] or [None]
            plan = LinePlan(name=name, category=Category.STAFF, cents=1_000_00, line_id=kept[0])
            budgets.save_draft(grant_id, [plan], actor=SYSTEM, now=now)
            budgets.put_in_force(grant_id, actor=SYSTEM, now=now)
        line_id = budget_queries.lines(grant_id)[0].id
        role = PartnerFacts(role=PartnerRole.PARTNER)
        partner_id = partners.add(grant_id, make.organisation("Fier", now), role, actor=SYSTEM, now=now)
        passed = SubGrantFacts(
            title="Opvang in Leeuwarden",
            amount_cents=100_00,
            booking=Booking.PRINCIPAL,
            starts_on=date(2026, 11, 1),
            ends_on=date(2026, 12, 31),
        )
        sub_grant_id = sub_grants.plan(partner_id, passed, actor=SYSTEM, now=now)
        call = RoundFacts(name="Najaarsronde", closes_on=date(2027, 10, 1))
        round_id = rounds.open_round(make.funder(now, "Fonds Kind"), call, actor=SYSTEM, now=now)
        names = {"slug": "online", "name_nl": "Veilig online", "name_en": "Safe online"}
        fund_id = programmes.save_fund(None, **names, actor=SYSTEM, now=now)
        facts = ExpenseFacts(spent_on=date(2026, 11, 2), cents=5_00, description="Zaalhuur", budget_line_id=line_id)
        expenses.enter(grant_id, facts, form_key="a", actor=SYSTEM, now=now)
        bare = ExpenseFacts(spent_on=date(2026, 11, 3), cents=5_00)
        expenses.enter(grant_id, bare, form_key="b", actor=SYSTEM, now=now)
        told = {
            "budget_line_id": [7, line_id],
            "partner_id": partner_id,
            "sub_grant_id": sub_grant_id,
            "round_id": [None, round_id],
            "fund_id": fund_id,
        }
        audit.record("task.changed", ("task", 7), actor=PUBLIC, now=now, changes=told)
    page = sign_in(Role.ADMIN).get("/audit").text
    assert "begrotingsregel: 7 → Begeleiding" in page, "as the newest version calls it"
    assert "partner: Fier" in page
    assert "doorbetaling: Opvang in Leeuwarden" in page
    assert "ronde: Najaarsronde" in page
    assert "fonds: Veilig online" in page
    assert "uitgave: Zaalhuur" in page
    assert "uitgave: 03-11-2026" in page
