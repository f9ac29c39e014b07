"""Mending a recurring gift with a payment: it pays what failed, and its mandate is used from then on.

Nothing changes before the provider says so: the payment is paid first, then its mandate is valid.
Until both are true the old arrangement stands.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from app.base.actor import Actor
from app.base.events import on
from app.base.states import N_, Labelled
from app.direct_debit import collections, mandates
from app.direct_debit.events import MandatesConfirmed
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.queries import WAITING
from app.direct_debit.states import MandateState
from app.extensions import db
from app.gifts.models import Gift
from app.gifts.recurring import changing, repair, starting
from app.gifts.recurring.effects import Effect, locked
from app.gifts.recurring.repair_models import Repair
from app.gifts.recurring.states import CommitmentState
from app.payments.events import CheckoutsPaid
from app.payments.models import Checkout
from app.payments.queries import facts_of
from app.payments.states import CheckoutState

_NOT_PAID = (
    select(Repair)
    .where(Repair.id.in_(bindparam("ids", expanding=True)), Repair.done_at.is_(None), Repair.mandate_id.is_(None))
    .with_for_update()
)


class Stand(Labelled):
    """How far a repair has come, as the provider confirmed it."""

    NOT_PAID = "not_paid", N_("Not paid")
    UNDER_WAY = "under_way", N_("Payment under way")
    MANDATE = "mandate", N_("Paid; the permission is being checked")
    DONE = "done", N_("Changed")
    REFUSED = "refused", N_("Paid; the permission was refused")


def failed_of(commitment_id: int) -> Any:
    """The newest collection that went wrong and waits for somebody; None where there is none."""
    wrong = select(Collection).where(Collection.commitment_id == commitment_id, WAITING)
    return db.session.scalars(wrong.order_by(Collection.id.desc()).limit(1)).first()


def note(checkout_id: int, commitment_id: int, collection_id: int | None, *, now: datetime) -> None:
    """Remember what this checkout is to mend, inside the transaction that stores it."""
    db.session.add(Repair(id=checkout_id, commitment_id=commitment_id, collection_id=collection_id, created_at=now))


def standing(repair_id: int) -> tuple[Repair, Stand] | None:
    """A repair and how far it is; None where this checkout mends nothing."""
    row = db.session.execute(
        select(Repair, Checkout.state, Mandate.state)
        .join(Checkout, Checkout.id == Repair.id)
        .outerjoin(Mandate, Mandate.id == Repair.mandate_id)
        .where(Repair.id == repair_id)
    ).first()
    if row is None:
        return None
    found, checkout, mandate = row
    if checkout is not CheckoutState.PAID:
        going = checkout in (CheckoutState.OPEN, CheckoutState.PENDING)
        return found, Stand.UNDER_WAY if going else Stand.NOT_PAID
    if found.done_at is not None:
        return found, Stand.DONE
    return found, Stand.MANDATE if mandate is MandateState.PENDING else Stand.REFUSED


def waiting_of(commitment_id: int) -> Stand | None:
    """What the newest repair waits for; None where nothing was paid that is not used yet."""
    newest = select(Repair.id).where(Repair.commitment_id == commitment_id).order_by(Repair.id.desc()).limit(1)
    repair_id = db.session.execute(newest).scalar()
    found = standing(repair_id) if repair_id is not None else None
    return found[1] if found and found[1] is Stand.MANDATE else None


def go_on(commitment_id: int, *, actor: Actor, now: datetime) -> Effect:
    """Collect again by the mandate that is there; what failed is left out. Raises as `changing.resume`."""
    effect = changing.resume(commitment_id, actor=actor, now=now)
    failed = failed_of(commitment_id)
    if failed is not None:
        collections.mark_handled(failed.id, now=now)
    repair.close(commitment_id, now=now)
    return effect


@on(CheckoutsPaid)
def paid(event: CheckoutsPaid) -> None:
    """A repair was paid: what failed is dealt with, or the next instalment is given already; its mandate is kept."""
    for row in db.session.scalars(_NOT_PAID, {"ids": event.ids}).all():
        if locked(row.commitment_id).state is CommitmentState.ENDED:
            _done(row, event.at)  # the money is a gift, and begins nothing anew
            continue
        if row.collection_id is None or not collections.mark_handled(row.collection_id, now=event.at):
            changing.paid_ahead(row.commitment_id, actor=event.actor, now=event.at)
        _keep_mandate(row, event.actor, event.at)


def _keep_mandate(row: Repair, actor: Actor, now: datetime) -> None:
    facts = facts_of([row.id])[0]
    if not facts.customer_key:
        return
    giver = db.session.execute(select(Gift.supporter_id).where(Gift.id == row.id)).scalar_one()
    (row.mandate_id,) = mandates.keep_from_provider([starting.mandate_of(facts, giver)], actor=actor, now=now)
    db.session.flush()
    if facts.mandate_key is not None:
        _use(row, actor, now)


@on(MandatesConfirmed)
def confirmed(event: MandatesConfirmed) -> None:
    """The mandate of a repair became valid: from now on it is collected by."""
    rows = select(Repair).where(Repair.mandate_id.in_(event.ids), Repair.done_at.is_(None)).with_for_update()
    for row in db.session.scalars(rows).all():
        if locked(row.commitment_id).state is CommitmentState.ENDED:
            _done(row, event.at)
        else:
            _use(row, event.actor, event.at)


def _use(row: Repair, actor: Actor, now: datetime) -> None:
    assert row.mandate_id is not None
    changing.use_mandate(row.commitment_id, row.mandate_id, actor=actor, now=now)
    _done(row, now)


def _done(row: Repair, now: datetime) -> None:
    row.done_at = now
    repair.close(row.commitment_id, now=now)
    db.session.flush()
