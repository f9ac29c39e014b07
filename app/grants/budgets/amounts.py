"""Another amount for a grant that is in the books already, by the grant's own rule of income.

More: one more instalment for what comes to it. Less: the last instalments that are neither asked for nor paid come
down; what was paid or asked for goes down by the settlement, with its clawback. The caller holds the grant.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update

from app.base.actor import Actor
from app.base.dates import local_date, month_start
from app.base.errors import Refused
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.awards.plans import InstalmentPlan
from app.grants.instalments import booking, planning, services
from app.grants.instalments.models import Instalment, InstalmentState
from app.grants.recognition import services as recognition
from app.grants.settlements.standing import refuse_settled
from app.ledger.queries import closed_months

_OPEN = (InstalmentState.CONDITIONAL, InstalmentState.DUE)


def follow(grant: Grant, before_cents: int, *, on: date, note: str, actor: Actor, now: datetime) -> None:
    """The instalments and the books follow the amount that the grant has now; it had `before_cents`.

    Booked on the day of the decision, or today where its month is closed.
    """
    refuse_settled(grant.id)
    today = local_date(now)
    day = today if closed_months({month_start(on)}) else max(on, grant.decided_on)
    more = grant.amount_cents - before_cents
    if more > 0:
        part = InstalmentPlan(expected_on=max(grant.ends_on, today), amount_cents=more)
        row = planning.append(grant, part, more, obligation_id=None, actor=actor, now=now)
        if booking.has_come(grant, row, today):
            booking.rebook(grant, row, more, on=day, actor=actor, now=now)
    else:
        _take_off(grant, -more, on=day, note=note, actor=actor, now=now)
    # What was agreed as a share was one of the amount before.
    db.session.execute(update(Instalment).where(Instalment.grant_id == grant.id).values(basis_points=None))
    recognition.follow([grant.id], actor=actor, now=now)


def _take_off(grant: Grant, cents: int, *, on: date, note: str, actor: Actor, now: datetime) -> None:
    chosen = (
        select(Instalment)
        .where(Instalment.grant_id == grant.id, Instalment.state.in_(_OPEN))
        .order_by(Instalment.position.desc())
        .with_for_update()
    )
    for row in db.session.execute(chosen.execution_options(populate_existing=True)).scalars().all():
        if not cents:
            break
        if services.received_cents(row.id):
            continue
        off = min(cents, row.amount_cents)
        rest = row.amount_cents - off
        if row.recognised_cents:
            booking.rebook(grant, row, rest, on=on, actor=actor, now=now)
        if rest:
            planning.lower(row, rest, actor=actor, now=now)
        else:
            row.settled_cents = 0
            services.shift(row, InstalmentState.SETTLED, note=note, actor=actor, now=now)
        cents -= off
    if cents:
        raise Refused(
            N_("Too little of it is still to be asked for: what was paid or asked goes down by the settlement.")
        )
