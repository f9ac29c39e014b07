"""Refunds that staff ask the provider for: the wish is stored, then asked, then believed.

`ask` keeps the wish with its key inside `with writing():`. `send` calls the provider with no transaction
open and stores what it hears. Without a sure answer the poller asks again under the same key, and once the
provider may have forgotten the key it only looks. Money is booked where all returns are: from the provider's
own list of refunds (returning.py).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from app.audit.services import record
from app.base.actor import Actor, system
from app.base.errors import NotFound, Refused
from app.base.money import Money
from app.base.references import code_of
from app.base.states import N_
from app.extensions import db, now, writing
from app.jobs.services import periodic
from app.organisation.queries import profile
from app.payments.by_hand import check_room
from app.payments.flow import CREATE_WITHIN, reach
from app.payments.models import Payment, Refund
from app.payments.providers.base import Provider, ProviderRefused, ProviderUnsure
from app.payments.providers.registry import provider
from app.payments.queries import refunds_under_way
from app.payments.states import REFUND_MOVES, PaymentState, RefundState

GIVE_UP_AFTER = timedelta(minutes=75)  # the last ask has ended long before: what is not there was never made
RETRY = timedelta(minutes=1)
_AT_ONCE = 20
POLLER = system("refund poller")
log = logging.getLogger(__name__)


def ask(refund_id: int, payment_id: int, amount: Money, reason: str, *, actor: Actor, now: datetime) -> bool:
    """Keep the wish; False if this form was sent before. Raises NotFound, Invalid (more than is left),
    Refused (nothing to give back, or the id stands for something else)."""
    payment = db.session.execute(select(Payment).where(Payment.id == payment_id).with_for_update()).scalar_one_or_none()
    if payment is None:
        raise NotFound(N_("There is no such payment."))
    if (there := db.session.get(Refund, refund_id)) is not None:
        if (there.payment_id, there.amount_cents) != (payment_id, amount.cents):
            raise Refused(N_("This form was sent before with another content. Please open it again."))
        return False
    if provider(payment.provider) is None:
        raise Refused(N_("The provider of this payment is not connected any more."))
    if payment.state is PaymentState.UNDONE:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=payment.state.label)
    check_room(amount, payment.kept_cents - refunds_under_way(payment_id))
    db.session.execute(
        insert(Refund).values(
            id=refund_id, payment_id=payment_id, state=RefundState.ASKED, amount_cents=amount.cents,
            reason=reason[:200], staff_id=actor.id if actor.kind == "staff" else None, created_at=now,
            next_try_at=now + RETRY,
        )
    )  # fmt: skip
    told = {"amount_cents": [None, amount.cents], "reason": [None, reason[:200]]}
    record(
        "payment.refund_asked", ("payment", payment_id), actor=actor, now=now, changes=told,
        person_id=payment.supporter_id,
    )  # fmt: skip
    return True


def send(refund_id: int, *, actor: Actor, now: datetime) -> RefundState:
    """Ask the provider, outside any transaction, and read the truth back. ASKED means: no sure answer yet."""
    found = _about(refund_id)
    if found is None or found.state is not RefundState.ASKED:
        return found.state if found else RefundState.REFUSED
    source = provider(found.provider)
    if source is None:
        return found.state
    try:
        provider_id = _call(source, found, now)
    except ProviderUnsure as error:
        log.warning("refund %d: no sure answer: %s", refund_id, error)
        return RefundState.ASKED
    except ProviderRefused as error:
        return _store(refund_id, RefundState.REFUSED, actor, now, answer=str(error)[:300])
    if provider_id is None:
        if now - found.created_at < GIVE_UP_AFTER:
            return RefundState.ASKED
        return _store(refund_id, RefundState.REFUSED, actor, now, answer="the provider has no such refund")
    _store(refund_id, RefundState.ACCEPTED, actor, now, provider_id=provider_id)
    reach([found.checkout_id], actor=actor, now=now)
    seen = _about(refund_id)
    return seen.state if seen else RefundState.ACCEPTED


def _about(refund_id: int) -> Any:
    row = db.session.execute(
        select(
            Refund.id, Refund.state, Refund.amount_cents, Refund.created_at, Payment.provider,
            Payment.provider_id, Payment.checkout_id,
        )
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.id == refund_id)
    ).first()  # fmt: skip
    db.session.rollback()
    return row


def _call(source: Provider, found: Any, now: datetime) -> str | None:
    """The refund's id at the provider: asked for while it remembers our key, only looked for later."""
    key = f"refund-{found.id}"
    if now - found.created_at >= CREATE_WITHIN:
        return source.find_refund(found.provider_id, key)
    description = f"{profile().statement_descriptor} {code_of(found.checkout_id)}".strip()
    db.session.rollback()
    return source.refund(found.provider_id, found.amount_cents, description, key)


def _store(refund_id: int, state: RefundState, actor: Actor, now: datetime, **values: Any) -> RefundState:
    """Two askers may hear the same answer: the first one stores it."""
    with writing():
        row = db.session.execute(select(Refund).where(Refund.id == refund_id).with_for_update()).scalar_one()
        if not REFUND_MOVES.allows(row.state, state):
            return row.state
        db.session.execute(
            update(Refund).where(Refund.id == refund_id).values(state=state, next_try_at=None, **values),
            execution_options={"synchronize_session": False},
        )
        told = {"state": [row.state.value, state.value]}
        record(f"payment.refund_{state.value}", ("payment", row.payment_id), actor=actor, now=now, changes=told)
    return state


@periodic("payments.refunds", every=timedelta(minutes=1))
def ask_again(_: dict[str, Any]) -> None:
    """Refunds without a sure answer: ask again under the same key, or look what became of them."""
    due = list(
        db.session.execute(
            select(Refund.id).where(Refund.next_try_at <= now()).order_by(Refund.next_try_at).limit(_AT_ONCE)
        ).scalars()
    )
    db.session.rollback()
    for refund_id in due:
        with writing():  # the next appointment first, so that one bad refund never blocks the others
            db.session.execute(
                update(Refund)
                .where(Refund.id == refund_id, Refund.state == RefundState.ASKED)
                .values(next_try_at=now() + RETRY)
            )
        send(refund_id, actor=POLLER, now=now())
