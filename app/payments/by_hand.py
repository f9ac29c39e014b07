"""Transfers that finance saw arrive, recorded by hand until bank files do it, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from app.audit.services import Trace, record, record_many
from app.base.actor import Actor
from app.base.dates import local_midnight
from app.base.errors import Invalid, NotFound, Refused
from app.base.events import publish
from app.base.ids import new_id
from app.base.money import EUR, Money
from app.base.states import N_
from app.extensions import db
from app.payments.events import CheckoutsPaid, PaymentsRefunded, PaymentsUndone
from app.payments.models import Checkout, CheckoutChange, Payment, PaymentEvent
from app.payments.opening import move
from app.payments.providers.registry import BANK
from app.payments.states import MOVES, CheckoutState, PaymentEventKind, PaymentState

BY_HAND, BY_STATEMENT = "hand", "statement"  # who told that a transfer arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Money of a promised transfer, with the amount that really came."""

    checkout_id: int
    cents: int
    on: date
    reference: str


def receive_by_hand(
    checkout_id: int, amount: Money, received_on: date, bank_reference: str, *, actor: Actor, now: datetime
) -> int:
    """A promised transfer arrived: the checkout is paid, with the amount that really came. Returns the
    payment's id. Raises NotFound, Refused (paid already), Invalid (a day to come, no money)."""
    transfer = Transfer(checkout_id=checkout_id, cents=amount.cents, on=received_on, reference=bank_reference)
    return receive_transfers([transfer], by=BY_HAND, actor=actor, now=now)[checkout_id]


def receive_transfers(
    transfers: Sequence[Transfer], *, by: str = BY_STATEMENT, actor: Actor, now: datetime
) -> dict[int, int]:
    """The same for many, with a constant number of statements; the payments' ids by checkout."""
    checkouts = _locked_all([t.checkout_id for t in transfers])
    payments, rows, changes = {}, [], []
    for t in transfers:
        checkout = checkouts[t.checkout_id]
        if t.cents <= 0:
            raise Invalid(N_("The amount must be more than zero."), field="amount")
        if local_midnight(t.on) > now:
            raise Invalid(N_("This day is still to come."), field="received_on")
        MOVES.check(checkout.state, CheckoutState.PAID)
        paid_at, payments[t.checkout_id] = local_midnight(t.on), new_id()
        rows.append(
            {
                "id": payments[t.checkout_id], "checkout_id": t.checkout_id, "state": PaymentState.RECEIVED,
                "provider": BANK, "provider_id": t.reference.strip()[:80], "method": checkout.method,
                "amount_cents": t.cents, "currency": EUR, "mode": by, "paid_at": paid_at, "created_at": now,
            }
        )  # fmt: skip
        changes.append(
            {
                "id": new_id(), "checkout_id": t.checkout_id, "before": checkout.state, "after": CheckoutState.PAID,
                "by": (actor.label or actor.kind)[:80], "at": now,
            }
        )  # fmt: skip
    if not rows:
        return {}
    paid = update(Checkout.__table__).where(Checkout.__table__.c.id == bindparam("checkout"))
    paid = paid.values(state=CheckoutState.PAID, attempts=0, paid_at=bindparam("paid"))
    db.session.connection().execute(paid, [{"checkout": r["checkout_id"], "paid": r["paid_at"]} for r in rows])
    db.session.execute(insert(CheckoutChange.__table__), changes)
    db.session.execute(insert(Payment.__table__), rows)
    record_many(
        [
            Trace(
                action="payment.received", subject=("payment", payments[t.checkout_id]),
                changes={"amount_cents": [None, t.cents], "received_on": [None, t.on.isoformat()]},
            )
            for t in transfers
        ],
        actor=actor, now=now,
    )  # fmt: skip
    publish(CheckoutsPaid(ids=tuple(payments), actor=actor, at=now))
    return payments


def undo_by_hand(payment_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """Take back what was recorded by hand: the checkout is promised again, the gifts room reverses its
    booking. Raises NotFound where no such payment was recorded by hand or it was undone before."""
    payment = db.session.execute(
        select(Payment.id, Payment.checkout_id, Payment.amount_cents)
        .where(Payment.id == payment_id, Payment.provider == BANK, Payment.state != PaymentState.UNDONE)
        .with_for_update()
    ).first()
    if payment is None:
        raise NotFound(N_("This payment was not recorded by hand, or it was undone already."))
    checkout = _locked(payment.checkout_id)
    db.session.execute(update(Payment).where(Payment.id == payment_id).values(state=PaymentState.UNDONE))
    move(checkout, CheckoutState.PROMISED, by=actor.label or actor.kind, now=now, paid_at=None)
    record("payment.undone", ("payment", payment_id), actor=actor, now=now, changes={"reason": [None, reason[:200]]})
    publish(PaymentsUndone(ids=(payment_id,), actor=actor, at=now))


def refund_by_hand(
    event_id: int, payment_id: int, amount: Money, on: date, bank_reference: str, reason: str,
    *, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Finance paid back, from the bank, what had come by transfer. `event_id` is made with the form: recorded
    once however often it is sent. Raises NotFound, Refused (undone, or the id stands for something else),
    Invalid (more than is left, a day to come)."""
    payment = db.session.execute(
        select(Payment).where(Payment.id == payment_id, Payment.provider == BANK).with_for_update()
    ).scalar_one_or_none()
    if payment is None:
        raise NotFound(N_("This payment was not recorded by hand, or it was undone already."))
    if (there := db.session.get(PaymentEvent, event_id)) is not None:
        if (there.payment_id, there.amount_cents) != (payment_id, amount.cents):
            raise Refused(N_("This form was sent before with another content. Please open it again."))
        return
    if payment.state is PaymentState.UNDONE:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=payment.state.label)
    check_room(amount, payment.kept_cents)
    if local_midnight(on) > now:
        raise Invalid(N_("This day is still to come."), field="refunded_on")
    payment.refunded_cents += amount.cents
    payment.state = PaymentState.PARTLY_RETURNED if payment.kept_cents else PaymentState.RETURNED
    values = {"id": event_id, "payment_id": payment_id, "kind": PaymentEventKind.REFUND, "reason": reason[:200]}
    values |= {"provider_id": bank_reference[:120], "amount_cents": amount.cents, "at": local_midnight(on)}
    db.session.flush()
    db.session.execute(insert(PaymentEvent).values(**values, created_at=now))
    told = {"amount_cents": [None, amount.cents], "reason": [None, reason]}
    record(
        "payment.refunded", ("payment", payment_id), actor=actor, now=now, changes=told, person_id=payment.supporter_id
    )
    publish(PaymentsRefunded(ids=(event_id,), actor=actor, at=now))


def check_room(amount: Money, left_cents: int) -> None:
    """Raises Invalid unless this amount can go back."""
    if amount.cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    if amount.cents > left_cents:
        raise Invalid(N_("At most %(most)s can go back."), field="amount", most=Money(max(left_cents, 0)))


def _locked(checkout_id: int) -> Any:
    return _locked_all([checkout_id])[checkout_id]


def _locked_all(checkout_ids: Sequence[int]) -> dict[int, Any]:
    found = db.session.execute(
        select(Checkout.id, Checkout.state, Checkout.method)
        .where(Checkout.id.in_(checkout_ids), Checkout.provider == BANK)
        .order_by(Checkout.id)
        .with_for_update()
    )
    rows = {row.id: row for row in found}
    if len(rows) < len(set(checkout_ids)):
        raise NotFound(N_("There is no such promise."))
    return rows
