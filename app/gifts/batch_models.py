"""A batch of gifts that finance enters together: what the paper says they come to, and a row for each."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
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
from app.base.states import N_, Labelled, Transitions
from app.extensions import db


class BatchState(Labelled):
    OPEN = "open", N_("Being entered")
    POSTED = "posted", N_("Booked")
    UNDONE = "undone", N_("Undone")


# Whether an open batch balances is computed: its rows come to its control total and count.
BATCH_MOVES = Transitions(
    BatchState,
    {
        BatchState.OPEN: {BatchState.POSTED},
        BatchState.POSTED: {BatchState.UNDONE},
        BatchState.UNDONE: set(),
    },
)


class GiftBatch(db.Model):
    """`control_cents` and `control_count` are what the statement or the counting list says."""

    __tablename__ = "gift_batch"

    id: Mapped[int] = id_column()
    name: Mapped[str] = text_column(80)
    state: Mapped[BatchState] = state_column(BatchState)
    method: Mapped[str] = text_column(30)
    control_cents: Mapped[int] = cents_column()
    control_count: Mapped[int]
    given_on: Mapped[date]
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    campaign_id: Mapped[int | None] = reference_column("campaign.id", nullable=True, index=False)
    source: Mapped[str] = text_column(30)
    thanks: Mapped[str] = text_column(10)
    staff_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    created_at: Mapped[datetime] = instant_column()

    __table_args__ = (
        *whole("control_cents"),
        *positive("control_cents", "control_count"),
        Index("ix_gift_batch_state", "state", "id"),
    )


class GiftBatchRow(db.Model):
    """One line of a batch as it was typed; the gift made of it has the row's id."""

    __tablename__ = "gift_batch_row"

    id: Mapped[int] = id_column()
    batch_id: Mapped[int] = reference_column("gift_batch.id", index=False)
    number: Mapped[int]  # its place, as on paper
    supporter_id: Mapped[int] = reference_column("supporter.id")
    amount_cents: Mapped[int] = cents_column()
    given_on: Mapped[date]
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    bank_reference: Mapped[str] = text_column(80, default="")

    __table_args__ = (
        *whole("amount_cents"),
        *positive("amount_cents"),
        UniqueConstraint("batch_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
    )
