"""Checkouts (what somebody set out to pay), payments (money that moved) and what came back of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import (
    Big,
    cents_column,
    id_column,
    instant_column,
    positive,
    reference_column,
    state_column,
    text_column,
    whole,
)
from app.extensions import db
from app.payments.states import CheckoutState, PaymentEventKind, PaymentState, Problem, RefundState, Sequence

_TYPED = text("details IS NOT NULL")


class Checkout(db.Model):
    """One post of a donation form. The id is the key against doubles, made with the form itself."""

    __tablename__ = "checkout"

    id: Mapped[int] = id_column()
    state: Mapped[CheckoutState] = state_column(CheckoutState)
    provider: Mapped[str] = text_column(20)  # demo, mollie, or bank for a transfer
    provider_id: Mapped[str | None] = text_column(80, nullable=True)
    method: Mapped[str] = text_column(40)
    amount_cents: Mapped[int] = cents_column()
    currency: Mapped[str] = text_column(3)
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    campaign_id: Mapped[int | None] = reference_column("campaign.id", nullable=True, index=False)
    language: Mapped[str] = text_column(5)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    details: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed JSON, gone once a gift holds it
    email_lookup: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # finds whose `details` are; goes with them
    failure_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # keyed hash of address and form
    pay_url: Mapped[str | None] = text_column(1000, nullable=True)  # where the donor pays
    profile: Mapped[str | None] = text_column(80, nullable=True)
    mode: Mapped[str | None] = text_column(10, nullable=True)  # test or live
    sequence: Mapped[Sequence] = state_column(Sequence, default=Sequence.ONE_OFF, server_default="oneoff")
    customer_key: Mapped[str | None] = text_column(80, nullable=True)  # the provider's customer
    mandate_key: Mapped[str | None] = text_column(80, nullable=True)  # the provider's mandate
    problem: Mapped[Problem | None] = state_column(Problem, nullable=True)
    reason: Mapped[str | None] = text_column(300, nullable=True)  # what the provider said of a failure
    attempts: Mapped[int] = mapped_column(default=0)  # looks at the provider since the last change
    next_check_at: Mapped[datetime | None] = instant_column(nullable=True)
    created_at: Mapped[datetime] = instant_column()
    paid_at: Mapped[datetime | None] = instant_column(nullable=True)

    __table_args__ = (
        *whole("amount_cents"),
        *positive("amount_cents"),
        CheckConstraint("(state = 'paid') = (paid_at IS NOT NULL)", name="paid_has_instant"),
        Index("ix_checkout_next_check_at", "next_check_at"),
        Index("ix_checkout_state", "state", "id"),
        Index("ix_checkout_email_lookup", "email_lookup", sqlite_where=_TYPED, postgresql_where=_TYPED),
        Index(
            "ix_checkout_problem",
            "id",
            sqlite_where=text("problem IS NOT NULL"),
            postgresql_where=text("problem IS NOT NULL"),
        ),
    )


class CheckoutChange(db.Model):
    """The history of a checkout's state: who or what moved it."""

    __tablename__ = "checkout_change"

    id: Mapped[int] = id_column()
    checkout_id: Mapped[int] = reference_column("checkout.id", ondelete="CASCADE")
    before: Mapped[CheckoutState] = state_column(CheckoutState)
    after: Mapped[CheckoutState] = state_column(CheckoutState)
    by: Mapped[str] = text_column(80)
    at: Mapped[datetime] = instant_column()


_WAITS = text("paid_out_at IS NULL")


class Payment(db.Model):
    """Money that was received for a checkout, and how much of it went back since."""

    __tablename__ = "payment"

    id: Mapped[int] = id_column()
    checkout_id: Mapped[int] = reference_column("checkout.id")
    supporter_id: Mapped[int | None] = reference_column("supporter.id", nullable=True)  # told by the gifts room
    state: Mapped[PaymentState] = state_column(PaymentState)
    provider: Mapped[str] = text_column(20)
    provider_id: Mapped[str] = text_column(80)
    method: Mapped[str] = text_column(40)
    amount_cents: Mapped[int] = cents_column()
    currency: Mapped[str] = text_column(3)
    refunded_cents: Mapped[int] = cents_column(default=0)
    charged_back_cents: Mapped[int] = cents_column(default=0)
    fee_cents: Mapped[int | None] = cents_column(nullable=True)
    mode: Mapped[str] = text_column(10)
    profile: Mapped[str | None] = text_column(80, nullable=True)
    consumer: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed JSON: name, iban
    paid_at: Mapped[datetime] = instant_column()
    paid_out_at: Mapped[datetime | None] = instant_column(nullable=True)  # a payout brought it (paid_out.py)
    created_at: Mapped[datetime] = instant_column()

    __table_args__ = (
        *whole("amount_cents", "refunded_cents", "charged_back_cents", "fee_cents"),
        *positive("amount_cents"),
        CheckConstraint("refunded_cents >= 0 AND charged_back_cents >= 0", name="returns_not_negative"),
        Index("ix_payment_on_its_way", "provider", "paid_at", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )

    @property
    def kept_cents(self) -> int:
        """What is left after refunds and chargebacks, before fees."""
        return self.amount_cents - self.refunded_cents - self.charged_back_cents


class PaymentEvent(db.Model):
    """Money that went back (positive), or came again because a refund failed or a chargeback was
    reversed (negative)."""

    __tablename__ = "payment_event"

    id: Mapped[int] = id_column()
    payment_id: Mapped[int] = reference_column("payment.id")
    kind: Mapped[PaymentEventKind] = state_column(PaymentEventKind)
    provider_id: Mapped[str] = text_column(120)
    amount_cents: Mapped[int] = cents_column()
    reason: Mapped[str | None] = text_column(200, nullable=True)
    at: Mapped[datetime] = instant_column()
    paid_out_at: Mapped[datetime | None] = instant_column(nullable=True)  # a payout held it back (paid_out.py)
    created_at: Mapped[datetime] = instant_column()

    __table_args__ = (
        *whole("amount_cents"),
        CheckConstraint("amount_cents <> 0", name="amount_moves"),
        Index("ix_payment_event_on_its_way", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index("ix_payment_event_provider_id", "provider_id"),
    )


class Refund(db.Model):
    """A refund that staff asked the provider for. The id is made with the form and is the key under which
    the provider is asked, stored before it is: asked again, it is the same refund. What really went back is
    a PaymentEvent, by the provider's id."""

    __tablename__ = "refund"

    id: Mapped[int] = id_column()
    payment_id: Mapped[int] = reference_column("payment.id")
    state: Mapped[RefundState] = state_column(RefundState)
    amount_cents: Mapped[int] = cents_column()
    reason: Mapped[str] = text_column(200)  # ours, for the trail; the donor's bank never sees it
    provider_id: Mapped[str | None] = text_column(80, nullable=True)
    answer: Mapped[str | None] = text_column(300, nullable=True)  # what the provider said of a refusal
    staff_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    next_try_at: Mapped[datetime | None] = instant_column(nullable=True)
    created_at: Mapped[datetime] = instant_column()

    __table_args__ = (
        *whole("amount_cents"),
        *positive("amount_cents"),
        CheckConstraint("(state IN ('asked', 'refused')) = (provider_id IS NULL)", name="known_by_its_id"),
        Index(
            "ix_refund_next_try_at",
            "next_try_at",
            sqlite_where=text("next_try_at IS NOT NULL"),
            postgresql_where=text("next_try_at IS NOT NULL"),
        ),
    )


class ProviderKey(db.Model):
    """What a provider's id stands for with us, once and for all: no payment or refund enters twice.

    Keys are `mollie:tr_…` (a checkout), `paid:mollie:tr_…`, `in:mollie:re_…` (a payment event) and
    `back:mollie:re_…` (its reversal). They outlive what they point at: late news of an erased
    checkout is then seen for what it is.
    """

    __tablename__ = "provider_key"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    row_id: Mapped[int] = mapped_column(Big)
