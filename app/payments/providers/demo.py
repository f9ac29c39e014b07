"""The embedded default: a bank that is plainly pretend, whose outcome somebody clicks.

No network. It keeps what was clicked in a table of its own, as a real provider would, and is
asked for the truth like any other. It does not exist in production.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped

from app.base.columns import (
    cents_column,
    id_column,
    instant_column,
    positive,
    reference_column,
    state_column,
    text_column,
    whole,
)
from app.base.errors import Refused
from app.base.ids import stable_id
from app.base.states import N_, Labelled
from app.extensions import db, now, writing
from app.extensions.sql import insert_new
from app.payments.models import Checkout
from app.payments.providers.base import (
    Intent,
    MandateState,
    Method,
    Movement,
    ProviderMandate,
    ProviderRefused,
    Started,
    Truth,
    UnknownPayment,
)
from app.payments.states import CheckoutState, PaymentEventKind, Sequence

PREFIX = "demo_"
EXPIRES_AFTER = timedelta(minutes=15)  # as iDEAL does


class DemoOutcome(Labelled):
    PAID = "paid", N_("Paid")
    FAILED = "failed", N_("Failed")
    CANCELED = "canceled", N_("Cancelled")
    EXPIRED = "expired", N_("Expired")
    REFUNDED = "refunded", N_("Refunded")
    CHARGED_BACK = "charged_back", N_("Charged back")


FIRST_OUTCOMES = (DemoOutcome.PAID, DemoOutcome.FAILED, DemoOutcome.CANCELED, DemoOutcome.EXPIRED)
LATER_OUTCOMES = (DemoOutcome.REFUNDED, DemoOutcome.CHARGED_BACK)

_STATES = {
    DemoOutcome.PAID: CheckoutState.PAID,
    DemoOutcome.FAILED: CheckoutState.FAILED,
    DemoOutcome.CANCELED: CheckoutState.CANCELED,
    DemoOutcome.EXPIRED: CheckoutState.EXPIRED,
    DemoOutcome.REFUNDED: CheckoutState.PAID,
    DemoOutcome.CHARGED_BACK: CheckoutState.PAID,
}


class DemoPayment(db.Model):
    """What was clicked at the demo bank; `id` is the checkout's."""

    __tablename__ = "demo_payment"

    id: Mapped[int] = id_column()
    outcome: Mapped[DemoOutcome] = state_column(DemoOutcome)
    decided_at: Mapped[datetime] = instant_column()
    returned_at: Mapped[datetime | None] = instant_column(nullable=True)
    reason: Mapped[str | None] = text_column(10, nullable=True)  # the code a bank would give


class DemoRefund(db.Model):
    """A refund that staff asked of the demo bank; `id` is made of the key, so that it is made once."""

    __tablename__ = "demo_refund"

    id: Mapped[int] = id_column()
    checkout_id: Mapped[int] = reference_column("checkout.id")
    amount_cents: Mapped[int] = cents_column()
    made_at: Mapped[datetime] = instant_column()

    __table_args__ = (*whole("amount_cents"), *positive("amount_cents"))


class DemoProvider:
    name = "demo"

    def methods(self) -> list[Method]:
        labels = {"ideal": "iDEAL | Wero", "creditcard": "Creditcard", "paypal": "PayPal"}
        return [Method(name, label, starts_recurring=True) for name, label in labels.items()]

    def instant(self, intent: Intent) -> Started:
        customer = f"{PREFIX}cst_{intent.checkout_id}" if intent.sequence is Sequence.FIRST else None
        page = f"/demo-bank/{intent.checkout_id}"
        return Started(f"{PREFIX}{intent.checkout_id}", page, "test", "demo", customer)

    create = instant

    def find(self, intent: Intent) -> Started:
        return self.instant(intent)

    def fetch(self, provider_id: str) -> Truth:
        checkout_id = int(provider_id.removeprefix(PREFIX))
        checkout = db.session.get(Checkout, checkout_id, populate_existing=True)
        if checkout is None or checkout.provider_id != provider_id:
            raise UnknownPayment(provider_id)
        done = db.session.get(DemoPayment, checkout_id, populate_existing=True)
        if done is not None:
            state = _STATES[done.outcome]
        elif checkout.sequence is Sequence.RECURRING:
            state = CheckoutState.PENDING  # a direct debit is under way for days
        else:
            late = now() - checkout.created_at > EXPIRES_AFTER
            state = CheckoutState.EXPIRED if late else CheckoutState.OPEN
        movements = (*_refunds(checkout_id), *self._movements(checkout, done))
        returned = {kind: sum(m.amount_cents for m in movements if m.kind is kind) for kind in PaymentEventKind}
        return Truth(
            provider=self.name,
            provider_id=provider_id,
            state=state,
            amount_cents=checkout.amount_cents,
            currency=checkout.currency,
            mode="test",
            profile="demo",
            method=checkout.method,
            checkout_id=checkout_id,
            paid_at=done.decided_at if done and state is CheckoutState.PAID else None,
            refunded_cents=returned[PaymentEventKind.REFUND],
            charged_back_cents=returned[PaymentEventKind.CHARGEBACK],
            movements=movements,
            reason=done.reason if done and state is CheckoutState.FAILED else None,
            customer_key=checkout.customer_key,
            mandate_key=f"{PREFIX}mdt_{checkout_id}" if checkout.sequence is Sequence.FIRST else None,
            pay_url=checkout.pay_url,
        )

    def refund(self, provider_id: str, amount_cents: int, description: str, key: str) -> str:
        """Part or all of a paid amount goes back, once for each key."""
        checkout_id = int(provider_id.removeprefix(PREFIX))
        refund_id = stable_id(key)
        with writing():
            checkout = db.session.get(Checkout, checkout_id, with_for_update=True)
            done = db.session.get(DemoPayment, checkout_id)
            if self.find_refund(provider_id, key):
                return f"{PREFIX}re_{refund_id}"
            left = checkout.amount_cents - _refunded(checkout_id) if checkout else 0
            if done is None or done.outcome is not DemoOutcome.PAID or amount_cents > left:
                raise ProviderRefused("422 The amount is higher than what is left of this payment")
            row = {"id": refund_id, "checkout_id": checkout_id, "amount_cents": amount_cents, "made_at": now()}
            db.session.execute(insert_new(DemoRefund), [row])
        return f"{PREFIX}re_{refund_id}"

    def find_refund(self, provider_id: str, key: str) -> str | None:
        there = db.session.execute(select(DemoRefund.id).where(DemoRefund.id == stable_id(key))).scalar()
        return f"{PREFIX}re_{there}" if there is not None else None

    def mandates(self, customer_key: str) -> list[ProviderMandate]:
        key = customer_key.replace("cst", "mdt")
        return [ProviderMandate(key, MandateState.VALID, "directdebit")]

    @staticmethod
    def _movements(checkout: Checkout, done: DemoPayment | None) -> tuple[Movement, ...]:
        """What somebody clicked at the demo bank: all that is left goes back."""
        left = checkout.amount_cents - _refunded(checkout.id)
        if done is None or done.returned_at is None or not left:
            return ()
        refund = done.outcome is DemoOutcome.REFUNDED
        kind = PaymentEventKind.REFUND if refund else PaymentEventKind.CHARGEBACK
        mark = "re" if refund else "chb"
        movement = Movement(kind, f"{PREFIX}{mark}_{checkout.id}", left, done.returned_at, reason=done.reason)
        return (movement,)


def _refunds(checkout_id: int) -> tuple[Movement, ...]:
    rows = db.session.execute(
        select(DemoRefund).where(DemoRefund.checkout_id == checkout_id).order_by(DemoRefund.id)
    ).scalars()
    return tuple(Movement(PaymentEventKind.REFUND, f"{PREFIX}re_{r.id}", r.amount_cents, r.made_at) for r in rows)


def _refunded(checkout_id: int) -> int:
    total = select(func.coalesce(func.sum(DemoRefund.amount_cents), 0)).where(DemoRefund.checkout_id == checkout_id)
    return int(db.session.execute(total).scalar_one())


def refuse_impossible(checkout_id: int, outcome: DemoOutcome) -> None:
    """Raise Refused for money that should go back but never came. What came before is told again, not refused."""
    done = db.session.get(DemoPayment, checkout_id)
    if outcome in LATER_OUTCOMES and (done is None or done.outcome not in (DemoOutcome.PAID, *LATER_OUTCOMES)):
        raise Refused(N_("This payment is not paid, so nothing can go back."))


def decide(checkout_id: int, outcome: DemoOutcome, *, at: datetime, reason: str | None = None) -> None:
    """Click an outcome, inside `with writing():`. A done payment stays done; only a paid one goes back."""
    done = db.session.get(DemoPayment, checkout_id)
    if done is None and outcome in FIRST_OUTCOMES:
        db.session.add(DemoPayment(id=checkout_id, outcome=outcome, decided_at=at, reason=reason))
    elif done is not None and done.outcome is DemoOutcome.PAID and outcome in LATER_OUTCOMES:
        done.outcome, done.returned_at, done.reason = outcome, at, reason
