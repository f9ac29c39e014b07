"""Reading checkouts and payments."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from app.extensions import db
from app.payments.models import Checkout, Payment, PaymentEvent, Refund
from app.payments.states import UNSETTLED_REFUNDS, CheckoutState, PaymentEventKind, PaymentState, Sequence
from app.vault.services import unseal

_C, _P = Checkout.__table__, Payment.__table__
_WITH_PAYMENT = (
    select(_C, _P)
    .outerjoin(_P, (_P.c.checkout_id == _C.c.id) & (_P.c.state != PaymentState.UNDONE))
    .where(_C.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_C.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutFacts:
    """A checkout with its payment, opened: what the gifts room needs to make a gift of it.

    `amount_cents` is what was asked for; `received_cents` what came in (None while promised).
    `details` is what the donor typed, {} once emptied. `consumer` holds name and iban if the
    provider told them.
    """

    id: int
    state: CheckoutState
    provider: str
    method: str
    amount_cents: int
    currency: str
    programme_id: int | None
    campaign_id: int | None
    language: str
    created_at: datetime
    details: dict[str, Any] = field(default_factory=dict)
    payment_id: int | None = None
    received_cents: int | None = None
    fee_cents: int | None = None
    paid_at: datetime | None = None
    provider_id: str | None = None
    sequence: Sequence = Sequence.ONE_OFF
    customer_key: str | None = None
    mandate_key: str | None = None
    reason: str | None = None
    mode: str | None = None  # test or live; of a transfer, whether a person or a statement told of it
    consumer: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFacts:
    """One PaymentEvent with the checkout it belongs to. `amount_cents` is negative for what came again."""

    id: int
    payment_id: int
    checkout_id: int
    kind: PaymentEventKind
    amount_cents: int
    at: datetime
    reason: str | None


def facts_of(checkout_ids: Iterable[int]) -> list[CheckoutFacts]:
    """The facts of these checkouts, in the order of their ids; unknown ids are left out."""
    ids = list(checkout_ids)
    return [_facts(row._mapping) for row in db.session.execute(_WITH_PAYMENT, {"ids": ids})] if ids else []


def _facts(row: Any) -> CheckoutFacts:
    c, p = _C.c, _P.c
    checkout_id, payment_id = row[c.id], row[p.id]
    details = row[c.details]
    consumer = row[p.consumer]
    return CheckoutFacts(
        id=checkout_id,
        state=row[c.state],
        provider=row[c.provider],
        method=row[p.method] or row[c.method],
        amount_cents=row[c.amount_cents],
        currency=row[c.currency],
        programme_id=row[c.programme_id],
        campaign_id=row[c.campaign_id],
        language=row[c.language],
        created_at=row[c.created_at],
        details=json.loads(unseal(details, f"checkout:{checkout_id}")) if details else {},
        payment_id=payment_id,
        received_cents=row[p.amount_cents],
        fee_cents=row[p.fee_cents],
        paid_at=row[p.paid_at],
        provider_id=row[p.provider_id] or row[c.provider_id],
        sequence=row[c.sequence],
        customer_key=row[c.customer_key],
        mandate_key=row[c.mandate_key],
        reason=row[c.reason],
        mode=row[p.mode] or row[c.mode],
        consumer=json.loads(unseal(consumer, f"payment:{payment_id}")) if consumer else {},
    )


def details_of(checkout_id: int) -> dict[str, Any]:
    """What the donor typed; {} once a gift holds it, or for an unknown checkout."""
    facts = facts_of([checkout_id])
    return facts[0].details if facts else {}


def returns_of(event_ids: Iterable[int]) -> list[ReturnFacts]:
    """The facts of these refunds or chargebacks, oldest first."""
    rows = db.session.execute(
        select(
            PaymentEvent.id,
            PaymentEvent.payment_id,
            Payment.checkout_id,
            PaymentEvent.kind,
            PaymentEvent.amount_cents,
            PaymentEvent.at,
            PaymentEvent.reason,
        )
        .join(Payment, Payment.id == PaymentEvent.payment_id)
        .where(PaymentEvent.id.in_(list(event_ids)))
        .order_by(PaymentEvent.id)
    ).all()
    return [ReturnFacts(**row._mapping) for row in rows]


def state_of(checkout_id: int) -> CheckoutState | None:
    """The state as it is stored now, None for an unknown or erased checkout."""
    return db.session.execute(select(Checkout.state).where(Checkout.id == checkout_id)).scalar()


def refunds_under_way(payment_id: int) -> int:
    """Cents that staff asked back and that are not booked yet."""
    waiting = select(func.coalesce(func.sum(Refund.amount_cents), 0)).where(
        Refund.payment_id == payment_id, Refund.state.in_(UNSETTLED_REFUNDS)
    )
    return int(db.session.execute(waiting).scalar_one())


def refunds_of(payment_id: int) -> list[Refund]:
    """Refunds that staff asked for, newest first."""
    mine = select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.id.desc())
    return list(db.session.execute(mine.limit(100)).scalars())
