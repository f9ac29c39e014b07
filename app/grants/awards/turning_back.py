"""An award that was a mistake, or that the funder took back before it paid anything."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid, Refused
from app.base.states import N_
from app.extensions import db
from app.grants.applications import services as applications
from app.grants.applications.models import Application, Stage
from app.grants.awards import services as awards
from app.grants.awards.models import GRANT_MOVES, Grant, GrantState
from app.grants.instalments import services as instalments
from app.grants.instalments.models import OPEN_INSTALMENTS, Instalment, InstalmentState
from app.grants.obligations import services as obligations
from app.grants.obligations.models import TO_DELIVER, Obligation
from app.grants.rows import check_version, locked


def turn_back(grant_id: int, reason: str, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """The award is undone while nothing was received: what was booked is reversed, nothing is expected
    or owed any more, and the application waits for its decision again."""
    grant = locked(Grant, grant_id)
    check_version(grant.version, version)
    GRANT_MOVES.check(grant.state, GrantState.TURNED_BACK)
    if not reason.strip():
        raise Invalid(N_("Say why it is taken back."), field="note")
    chosen = select(Instalment).where(Instalment.grant_id == grant.id).order_by(Instalment.id)
    if any(instalments.received_cents(row.id) for row in db.session.execute(chosen).scalars()):
        raise Refused(N_("Money was received or settled: take that back first."))
    if grant.confirmed_at is not None:
        awards.take_back_confirmation(grant.id, reason, actor=actor, now=now)
    for part in db.session.execute(chosen.where(Instalment.state.in_(OPEN_INSTALMENTS))).scalars().all():
        part.settled_cents = 0
        instalments.shift(part, InstalmentState.SETTLED, note=reason.strip(), actor=actor, now=now)
    duties = select(Obligation.id).where(Obligation.grant_id == grant.id, Obligation.state.in_(TO_DELIVER))
    for duty_id in db.session.execute(duties.order_by(Obligation.id)).scalars().all():
        obligations.waive(duty_id, reason, actor=actor, now=now)
    awards.shift(grant, GrantState.TURNED_BACK, note=reason.strip(), actor=actor, now=now)
    told = {"amount_cents": grant.amount_cents, "reason": reason.strip()}
    audit.record("grant.turned_back", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    application = locked(Application, grant.application_id)
    applications.shift(application, Stage.SUBMITTED, note=reason.strip(), actor=actor, now=now)
