"""The embedded default: a bank that is plainly pretend, whose outcome somebody clicks.

No network. It keeps what was clicked in a table of its own, as a real provider would, and is
asked for the truth like any other. It does not exist in production.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Mapped

from app.base.columns import id_column, instant_column, state_column, text_column
from app.base.errors import Refused
from app.base.states import N_, Labelled
from app.extensions import db, now, writing
from app.payments.models import Checkout
from app.payments.providers.base import (
    Intent,
    MandateState,
    Method,
    Movement,
    ProviderMandate,
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
        movements = self._movements(checkout, done)
        returned = {m.kind: m.amount_cents for m in movements}
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
            refunded_cents=returned.get(PaymentEventKind.REFUND, 0),
            charged_back_cents=returned.get(PaymentEventKind.CHARGEBACK, 0),
            movements=movements,
            reason=done.reason if done and state is CheckoutState.FAILED else None,
            customer_key=checkout.customer_key,
            mandate_key=f"{PREFIX}mdt_{checkout_id}" if checkout.sequence is Sequence.FIRST else None,
            pay_url=checkout.pay_url,
        )

    def refund(self, provider_id: str, amount_cents: int, description: str, key: str) -> str:
        """The whole amount goes back, as by a click at the demo bank."""
        checkout_id = int(provider_id.removeprefix(PREFIX))
        with writing():
            decide(checkout_id, DemoOutcome.REFUNDED, at=now())
        return f"{PREFIX}re_{checkout_id}"

    def mandates(self, customer_key: str) -> list[ProviderMandate]:
        key = customer_key.replace("cst", "mdt")
        return [ProviderMandate(key, MandateState.VALID, "directdebit")]

    @staticmethod
    def _movements(checkout: Checkout, done: DemoPayment | None) -> tuple[Movement, ...]:
        if done is None or done.returned_at is None:
            return ()
        refund = done.outcome is DemoOutcome.REFUNDED
        kind = PaymentEventKind.REFUND if refund else PaymentEventKind.CHARGEBACK
        mark = "re" if refund else "chb"
        movement = Movement(
            kind, f"{PREFIX}{mark}_{checkout.id}", checkout.amount_cents, done.returned_at, reason=done.reason
        )
        return (movement,)


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
