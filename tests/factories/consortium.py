"""Partners of a grant and parts of a report, for tests. Inside `with writing():`, through the services."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.dates import local_date
from app.extensions import db
from app.grants.obligations.models import Obligation, ObligationKind
from app.grants.partners import duties, sub_grants
from app.grants.partners import services as partners
from app.grants.partners.models import Booking, PartnerRole, SubGrantDuty
from app.grants.partners.services import PartnerFacts
from app.grants.partners.sub_grants import SubGrantFacts
from app.grants.parts import asking
from app.grants.parts.asking import LineAsked, Question
from app.grants.parts.dates import Spans
from app.grants.parts.models import PartKind, PartTask
from tests.factories import grants

NARRATIVE = Question(kind=PartKind.NARRATIVE, title="Wat is er gedaan", question="Beschrijf het.", max_characters=200)
FIGURES = Question(kind=PartKind.FIGURES, title="Cijfers", lines=(LineAsked("Personeel"), LineAsked("Reizen")))
FILES = Question(kind=PartKind.FILES, title="Bewijsstukken")


def partner(grant_id: int, now: datetime, name: str = "CKM", **facts: Any) -> int:
    filled: dict[str, Any] = {
        "role": PartnerRole.PARTNER,
        "share_basis_points": 4000,
        "contact_name": "Anna de Wit",
        "contact_email": f"{name.lower().replace(' ', '')}@example.org",
    } | facts
    return partners.add(grant_id, grants.organisation(name, now), PartnerFacts(**filled), actor=SYSTEM, now=now)


def report(now: datetime, due_on: date = date(2027, 2, 26)) -> tuple[int, int]:
    """A grant with one interim report: (grant id, obligation id)."""
    duty = grants.obligation_plan(ObligationKind.INTERIM_NARRATIVE, due_on=due_on)
    grant_id = grants.grant(now, [], [duty], agreed_on=date(2026, 11, 1))
    found = select(Obligation.id).where(Obligation.grant_id == grant_id)
    return grant_id, int(db.session.execute(found).scalar_one())


def asked(
    now: datetime, questions: tuple[Question, ...] = (NARRATIVE, FIGURES), spans: Spans | None = None
) -> tuple[int, int, int, list[int]]:
    """A report whose parts are asked of one partner: (grant, obligation, partner, parts)."""
    grant_id, obligation_id = report(now)
    partner_id = partner(grant_id, now)
    ids = asking.ask(obligation_id, list(questions), [partner_id], spans or Spans(), actor=SYSTEM, now=now)
    return grant_id, obligation_id, partner_id, ids


def task_id(obligation_id: int) -> int:
    found = select(PartTask.id).where(PartTask.obligation_id == obligation_id)
    return int(db.session.execute(found).scalar_one())


def passed_on(now: datetime, *, owner_id: int | None = None, agreed: bool = True, name: str = "CKM") -> int:
    """A sub-grant with an instalment due in two days and a duty that is three days late. Inside `writing()`."""
    grant_id = grants.grant(now, [], [], owner_id=owner_id, starts_on=date(2026, 1, 1), all_at_once=True)
    facts = SubGrantFacts(
        title="Opvang", amount_cents=400_000, booking=Booking.PRINCIPAL, starts_on=date(2026, 11, 23),
        ends_on=date(2027, 12, 31),
    )  # fmt: skip
    row_id = sub_grants.plan(partner(grant_id, now, name), facts, actor=SYSTEM, now=now)
    sub_grants.plan_instalment(row_id, amount_cents=250_000, due_on=date(2026, 11, 25), actor=SYSTEM, now=now)
    duties.plan(row_id, "Jaarcijfers", date(2026, 11, 20), actor=SYSTEM, now=now)
    if agreed:
        sub_grants.agree(row_id, agreed_on=local_date(now), actor=SYSTEM, now=now)
    return row_id


def duty_of(sub_grant_id: int) -> int:
    return int(
        db.session.execute(select(SubGrantDuty.id).where(SubGrantDuty.sub_grant_id == sub_grant_id)).scalar_one()
    )
