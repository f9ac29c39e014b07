"""Payouts of payment providers and what they are made of. Amounts are signed cents."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import (
    Big,
    cents_column,
    id_column,
    instant_column,
    reference_column,
    state_column,
    text_column,
    whole,
)
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.payments.providers.settlements import PartKind


class PayoutOrigin(Labelled):
    API = "api", N_("Told by the provider")
    FILE = "file", N_("From a file")


class PayoutState(Labelled):
    WAITING = "waiting", N_("Waits for an open period")
    BOOKED = "booked", N_("Booked")
    UNDONE = "undone", N_("Undone")


_P = PayoutState
# An undone payout may be taken in again, from the same or a better source.
PAYOUT_MOVES = Transitions(
    PayoutState,
    {_P.WAITING: {_P.BOOKED, _P.UNDONE}, _P.BOOKED: {_P.UNDONE}, _P.UNDONE: {_P.WAITING, _P.BOOKED}},
)


class Payout(db.Model):
    """One payout, once: its reference is the provider's own and stands on the bank line too.

    `other_cents` is what of its parts, less fees, is not in the net and that nothing explains: 0 where it adds up.
    `booked_on` is the day its fees are booked on; `round` counts how often it was taken in.
    """

    __tablename__ = "payout"

    id: Mapped[int] = id_column()
    provider: Mapped[str] = text_column(20)
    reference: Mapped[str] = text_column(60)
    provider_id: Mapped[str] = text_column(80, default="")
    origin: Mapped[PayoutOrigin] = state_column(PayoutOrigin)
    state: Mapped[PayoutState] = state_column(PayoutState)
    settled_on: Mapped[date]
    booked_on: Mapped[date | None] = mapped_column(nullable=True)
    net_cents: Mapped[int] = cents_column()
    fee_cents: Mapped[int] = cents_column()
    fee_vat_cents: Mapped[int | None] = cents_column(nullable=True)
    other_cents: Mapped[int] = cents_column(default=0)
    round: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()
    created_by_id: Mapped[int | None] = mapped_column(Big, nullable=True)

    __table_args__ = (
        *whole("net_cents", "fee_cents", "fee_vat_cents", "other_cents"),
        UniqueConstraint("provider", "reference"),
        CheckConstraint("(state = 'waiting') = (booked_on IS NULL)", name="booked_has_day"),
        Index("ix_payout_settled_on", "settled_on", "id"),
    )


class PayoutPart(db.Model):
    """One amount in a payout. What it is with us is looked up by its `provider_id` (tying.py), so a payment that
    becomes known later ties by itself. `outside`: somebody said that the accounting package books it."""

    __tablename__ = "payout_part"

    id: Mapped[int] = id_column()
    payout_id: Mapped[int] = reference_column("payout.id", ondelete="CASCADE")
    kind: Mapped[PartKind] = state_column(PartKind)
    provider_id: Mapped[str] = text_column(80, default="")
    payment_key: Mapped[str] = text_column(80, default="")
    cents: Mapped[int] = cents_column()
    happened_on: Mapped[date]
    said: Mapped[str] = text_column(200, default="")
    outside: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (*whole("cents"), Index("ix_payout_part_provider_id", "provider_id"))
