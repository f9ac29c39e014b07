"""The demo's project: WATCH Nederland, paid by a grant, own means and a partner, with a small gap. All examples."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.budgets.models import Category
from app.grants.projects import planning, services
from app.grants.projects.models import OverheadRule, ProjectState, SourceKind
from app.grants.projects.plan import Part
from app.grants.projects.planning import LinePlan
from app.grants.projects.services import ProjectFacts, RuleFacts
from app.staff.models import Staff
from app.ui.permissions import Role

GRANT = "WATCH Nederland, tweede fase (voorbeeld)"
NAME = "Lokadvertenties en duiding (voorbeeld)"


def load(*, now: datetime) -> None:
    """A running project of three sources; € 4.500 of it is not covered yet."""
    grant = db.session.execute(select(Grant).where(Grant.title == GRANT)).scalar_one_or_none()
    lead = db.session.execute(select(Staff.id).where(Staff.role == Role.FUNDRAISER).limit(1)).scalar()
    if grant is None or lead is None:
        return
    actor = Actor("staff", lead)
    rule = RuleFacts(overhead=OverheadRule.PERCENT, overhead_bp=1000, max_rate_cents=8_500)
    services.set_rule(grant.id, rule, version=0, actor=actor, now=now)
    facts = ProjectFacts(
        name=NAME,
        starts_on=grant.starts_on,
        ends_on=grant.ends_on,
        programme_id=grant.programme_id,
        lead_id=lead,
    )
    project_id = services.create(facts, actor=actor, now=now)
    fund = services.add_source(project_id, SourceKind.GRANT, grant_id=grant.id, actor=actor, now=now)
    own = services.add_source(project_id, SourceKind.OWN, actor=actor, now=now)
    partner = services.add_source(project_id, SourceKind.PARTNER, name="Fier (voorbeeld)", actor=actor, now=now)
    lines = [
        LinePlan(
            name="Onderzoek en begeleiding",
            category=Category.STAFF,
            hours_hundredths=120_000,
            rate_cents=8_500,
            cells={fund: Part(share_bp=8_000), partner: Part(share_bp=2_000)},
        ),
        LinePlan(
            name="Advertenties", category=Category.MATERIALS, cents=2_400_000, cells={fund: Part(share_bp=10_000)}
        ),
        LinePlan(
            name="Bijeenkomsten",
            category=Category.ACTIVITIES,
            cents=950_000,
            cells={fund: Part(cents=300_000), own: Part(cents=200_000)},
        ),
        LinePlan(
            name="Overhead",
            category=Category.OVERHEAD,
            percent_bp=1_000,
            cells={fund: Part(cents=1_000_000), own: Part(cents=355_000)},
        ),
    ]
    planning.save(project_id, lines, version=None, actor=actor, now=now)
    services.move(project_id, ProjectState.RUNNING, version=None, actor=actor, now=now)
