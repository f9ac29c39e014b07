"""Funders, applications and grants for tests. Inside `with writing():`, through the services."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from app.base.actor import SYSTEM
from app.grants.applications import services as applications
from app.grants.applications.models import Stage
from app.grants.applications.services import ApplicationFacts
from app.grants.awards import services as awards
from app.grants.awards.facts import GrantFacts
from app.grants.awards.models import Recognition
from app.grants.awards.plans import InstalmentPlan, ObligationPlan
from app.grants.funders import services as funders
from app.grants.funders.models import FunderKind
from app.grants.funders.services import FunderFacts
from app.grants.instalments.models import Trigger
from app.grants.obligations.models import ObligationKind
from app.ledger.accounts import ensure_chart
from app.supporters import services as supporters
from app.supporters.drafts import OrganisationDraft

REPORT = Trigger.REPORT


def organisation(name: str, now: datetime) -> int:
    return supporters.create_organisation(OrganisationDraft(name=name), actor=SYSTEM, now=now)


def funder(
    now: datetime, name: str = "Adessium Foundation", kind: FunderKind = FunderKind.FOUNDATION, **facts: Any
) -> int:
    return funders.register(organisation(name, now), FunderFacts(kind=kind, **facts), actor=SYSTEM, now=now)


def application(now: datetime, funder_id: int | None = None, stage: Stage = Stage.PROSPECT, **facts: Any) -> int:
    filled = {"title": "Preventie op scholen", "ask_cents": 10_000_000} | facts
    chosen = funder_id or funder(now)
    return applications.create(ApplicationFacts(funder_id=chosen, **filled), stage=stage, actor=SYSTEM, now=now)


def obligation_plan(
    kind: ObligationKind = ObligationKind.FINAL, due_on: date = date(2027, 6, 1), **facts: Any
) -> ObligationPlan:
    return ObligationPlan(kind=kind, due_on=due_on, **facts)


def half_now_half_after_report() -> tuple[list[InstalmentPlan], list[ObligationPlan]]:
    """Half on a day that has come, half when the interim report of 1 June 2027 is accepted."""
    parts = [
        InstalmentPlan(expected_on=date(2026, 11, 1), basis_points=5000),
        InstalmentPlan(expected_on=date(2027, 9, 1), basis_points=5000, triggered_by=REPORT, report=0),
    ]
    return parts, [obligation_plan(ObligationKind.INTERIM_NARRATIVE)]


def grant(
    now: datetime,
    instalments: list[InstalmentPlan] | None = None,
    duties: list[ObligationPlan] | None = None,
    *,
    funder_id: int | None = None,
    **facts: Any,
) -> int:
    """A grant of € 100.000, awarded on 1 October 2026 for the year from then on; half now, half after a report."""
    ensure_chart()
    if instalments is None:
        instalments, duties = half_now_half_after_report()
    filled: dict[str, Any] = {
        "title": "Preventie op scholen",
        "amount_cents": 10_000_000,
        "decided_on": date(2026, 10, 1),
        "starts_on": date(2026, 10, 1),
        "ends_on": date(2027, 9, 30),
        "recognition": Recognition.AWARD,
    } | facts
    asked = application(now, funder_id, Stage.SUBMITTED, title="Preventie op scholen")
    return awards.award(asked, GrantFacts(**filled), instalments, duties or [], actor=SYSTEM, now=now)
