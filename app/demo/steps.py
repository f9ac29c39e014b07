"""Short ways through the grants services, for the demo's story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import days, local_midnight
from app.extensions import db
from app.grants.awards import services as awards
from app.grants.awards.facts import GrantFacts
from app.grants.awards.plans import InstalmentPlan, ObligationPlan
from app.grants.instalments import services as instalments
from app.grants.instalments.models import Instalment
from app.grants.obligations import services as obligations
from app.grants.obligations.models import Obligation, ObligationState


@dataclass(frozen=True, slots=True)
class Told:
    """A grant with the ids of its parts, in the order they were planned."""

    grant_id: int
    instalment_ids: list[int]
    duty_ids: list[int]


def award(
    actor: Actor,
    application_id: int,
    grant: GrantFacts,
    plans: list[InstalmentPlan],
    duties: list[ObligationPlan],
    *,
    now: datetime,
) -> Told:
    """Award in two steps, as it happens: the decision, and later the signature."""
    signed = grant.agreed_on
    unsigned = GrantFacts(**{**{f: getattr(grant, f) for f in grant.__slots__}, "agreed_on": None})
    grant_id = awards.award(application_id, unsigned, plans, duties, actor=actor, now=now)
    if signed is not None:
        awards.sign(grant_id, agreed_on=signed, actor=actor, now=_noon(signed))
    parts = select(Instalment.id).where(Instalment.grant_id == grant_id).order_by(Instalment.position)
    owed = select(Obligation.id).where(Obligation.grant_id == grant_id).order_by(Obligation.id)
    return Told(grant_id, list(db.session.execute(parts).scalars()), list(db.session.execute(owed).scalars()))


def confirm(actor: Actor, told: Told, *, now: datetime) -> None:
    awards.confirm([told.grant_id], actor=actor, now=now)


def receive(actor: Actor, instalment_id: int, on: date, cents: int, *, now: datetime) -> None:
    receipt = instalments.Received(
        instalment_id=instalment_id,
        received_on=on,
        amount_cents=cents,
        bank_reference=f"voorbeeld {on.isoformat()}",
        form_key=f"demo-{instalment_id}",
    )
    instalments.receive([receipt], actor=actor, now=now)


def begin(actor: Actor, obligation_id: int, *, now: datetime) -> None:
    obligations.move(obligation_id, ObligationState.IN_PROGRESS, actor=actor, now=now)


def deliver(actor: Actor, obligation_id: int, on: date, *, accepted_after: int) -> None:
    """Work on it, review it, submit it on that day, and have it accepted some days later."""
    for before, state in ((30, ObligationState.IN_PROGRESS), (5, ObligationState.INTERNAL_REVIEW)):
        obligations.move(obligation_id, state, actor=actor, now=_noon(on - days(before)))
    obligations.submit(
        obligation_id, submitted_on=on, proof="Ontvangstbevestiging per mail", actor=actor, now=_noon(on)
    )
    accepted = on + days(accepted_after)
    obligations.accept(obligation_id, accepted_on=accepted, actor=actor, now=_noon(accepted))


def _noon(day: date) -> datetime:
    return local_midnight(day) + timedelta(hours=12)
