"""Money that went back: refunds and chargebacks, each by the provider's own id, entered once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, or_, select, update

from app.base.actor import Actor
from app.base.events import publish
from app.base.ids import new_id
from app.extensions import db
from app.payments.events import PaymentsChargedBack, PaymentsRefunded
from app.payments.keys import key_of, remember
from app.payments.models import Checkout, Payment, PaymentEvent, Refund
from app.payments.providers.base import Movement, Truth
from app.payments.states import REFUND_MOVES, PaymentEventKind, PaymentState, Problem, RefundState

_KINDS = (PaymentEventKind.REFUND, PaymentEventKind.CHARGEBACK)
_T = Payment.__table__
_TO_CHANGE = (
    select(
        _T.c.id, _T.c.checkout_id, _T.c.provider, _T.c.provider_id, _T.c.amount_cents, _T.c.refunded_cents,
        _T.c.charged_back_cents,
    )
    .where(
        _T.c.checkout_id.in_(bindparam("ids", expanding=True)),
        _T.c.state != PaymentState.UNDONE,
        (_T.c.refunded_cents > 0)
        | (_T.c.charged_back_cents > 0)
        | _T.c.checkout_id.in_(bindparam("moved", expanding=True)),
    )
    .order_by(_T.c.id)
)  # fmt: skip


def apply_returns(truths: Mapping[int, Truth], *, actor: Actor, now: datetime) -> None:
    """Enter what these truths, by checkout id, say went back or came again, and tell the rooms above.

    Every movement is entered once by its own id and undone once, both for good: an older truth
    that comes late finds its ids known and changes nothing.
    """
    made: dict[PaymentEventKind, list[int]] = {kind: [] for kind in _KINDS}
    payments = _payments(truths)
    for payment in payments:
        truth = truths[payment.checkout_id]
        if truth.provider_id == payment.provider_id:
            _apply_to(payment, truth, made, now)
    _follow({payment.id: truths[payment.checkout_id] for payment in payments})
    for kind, event in zip(_KINDS, (PaymentsRefunded, PaymentsChargedBack), strict=True):
        publish(event(ids=tuple(made[kind]), actor=actor, at=now))


def _follow(truths: Mapping[int, Truth]) -> None:
    """Bring refunds to what was just entered of these truths (by payment id), inside `with writing():`."""
    said = {
        movement.provider_id: movement.undone
        for truth in truths.values()
        for movement in truth.movements
        if movement.kind is PaymentEventKind.REFUND
    }
    if not said:
        return
    mine = Refund.payment_id.in_(list(truths)), Refund.provider_id.in_(list(said))
    for row in db.session.execute(select(Refund).where(*mine).with_for_update()).scalars():
        entered = select(PaymentEvent.id).where(
            PaymentEvent.payment_id == row.payment_id, PaymentEvent.provider_id == row.provider_id
        )
        if said[row.provider_id or ""]:
            after = RefundState.FAILED
        elif db.session.execute(entered.limit(1)).first():
            after = RefundState.DONE
        else:
            continue
        if REFUND_MOVES.allows(row.state, after):
            row.state = after
    db.session.flush()


def _payments(truths: Mapping[int, Truth]) -> list[Any]:
    """The payments that a truth could change: most have nothing returned and stay out of it."""
    moved = [i for i, t in truths.items() if t.refunded_cents or t.charged_back_cents or t.movements]
    return list(db.session.execute(_TO_CHANGE, {"ids": list(truths), "moved": moved})) if truths else []


def _apply_to(payment: Any, truth: Truth, made: dict[PaymentEventKind, list[int]], now: datetime) -> None:
    totals = {PaymentEventKind.REFUND: truth.refunded_cents, PaymentEventKind.CHARGEBACK: truth.charged_back_cents}
    entered = {
        PaymentEventKind.REFUND: payment.refunded_cents,
        PaymentEventKind.CHARGEBACK: payment.charged_back_cents,
    }
    before = dict(entered)
    for kind in _KINDS:
        named = _named(truth, kind)
        for movement in named:
            change = _change(movement, entered[kind], totals[kind], truth.provider)
            if change:
                entered[kind] += change
                made[kind].append(_enter(payment.id, movement, change, truth.provider, now))
        rest = _unnamed(truth, kind, totals[kind], named, totals[kind] - entered[kind])
        if rest is not None and remember(f"in:{key_of(truth.provider, rest.provider_id)}", 0):
            entered[kind] += rest.amount_cents
            made[kind].append(_enter(payment.id, rest, rest.amount_cents, truth.provider, now))
    _mark(payment, entered, totals, now, changed=entered != before)


def _named(truth: Truth, kind: PaymentEventKind) -> list[Movement]:
    """The movements the provider names: undone ones first, then the oldest first."""
    return sorted((m for m in truth.movements if m.kind is kind), key=lambda m: (not m.undone, m.at, m.provider_id))


def _unnamed(truth: Truth, kind: PaymentEventKind, total: int, named: list[Movement], missing: int) -> Movement | None:
    """One movement for the part of the total that the provider does not name; its id is that total."""
    at = max((m.at for m in named), default=truth.paid_at)
    if missing <= 0 or at is None or sum(m.amount_cents for m in named if not m.undone) >= total:
        return None
    return Movement(kind, f"{truth.provider_id}/{kind}/{total}", missing, at)


def _change(movement: Movement, entered: int, total: int, provider: str) -> int:
    """What this movement changes in what was entered, in cents; 0 when it is no news."""
    came_in, went_back = (f"{way}:{key_of(provider, movement.provider_id)}" for way in ("in", "back"))
    if movement.undone:
        # Keep both keys, also of a refund that failed before we heard of it: it must never enter later.
        was_in = not remember(came_in, 0)
        return -movement.amount_cents if remember(went_back, 0) and was_in else 0
    # The list may name what the total does not count yet (a refund that waits for balance).
    fits = movement.amount_cents <= total - entered
    return movement.amount_cents if fits and remember(came_in, 0) else 0


def _enter(payment_id: int, movement: Movement, change: int, provider: str, now: datetime) -> int:
    event_id = new_id()
    db.session.execute(
        insert(PaymentEvent).values(
            id=event_id,
            payment_id=payment_id,
            kind=movement.kind,
            provider_id=movement.provider_id,
            amount_cents=change,
            reason=(movement.reason or "")[:200] or None,
            at=movement.at,
            created_at=now,
        )
    )
    return event_id


def _mark(
    payment: Any,
    entered: dict[PaymentEventKind, int],
    totals: dict[PaymentEventKind, int],
    now: datetime,
    *,
    changed: bool,
) -> None:
    """Keep the sums on the payment, and show people what does not add up until it does."""
    refunded, charged_back = entered[PaymentEventKind.REFUND], entered[PaymentEventKind.CHARGEBACK]
    if changed:
        back = refunded + charged_back
        state = PaymentState.RECEIVED if back == 0 else PaymentState.PARTLY_RETURNED
        state = PaymentState.RETURNED if back >= payment.amount_cents else state
        db.session.execute(
            update(Payment)
            .where(Payment.id == payment.id)
            .values(refunded_cents=refunded, charged_back_cents=charged_back, state=state),
            execution_options={"synchronize_session": False},
        )
    values: dict[str, Any] = {"problem": None}
    if entered != totals:  # perhaps only an old answer: look again soon
        values = {"problem": Problem.RETURNS, "next_check_at": now + timedelta(minutes=1)}
    db.session.execute(
        update(Checkout)
        .where(Checkout.id == payment.checkout_id, or_(Checkout.problem.is_(None), Checkout.problem == Problem.RETURNS))
        .values(**values),
        execution_options={"synchronize_session": False},
    )
