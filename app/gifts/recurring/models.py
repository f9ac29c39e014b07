"""Commitments (what somebody promised to give again and again), their amounts and their history."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

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
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_
from app.extensions import db
from app.gifts.recurring.states import ChangeKind, CommitmentState, EndReason, Frequency


class Commitment(db.Model):
    """A recurring gift. One that began with a checkout has the checkout's id: that makes it one.

    `next_on` is the day on which the next instalment falls due by the donor's wish, `collect_on` the
    bank day on which it will be collected. `noticed_cents` was announced to the donor, and may be
    collected from `notice_from` on; what is not announced is not collected.
    """

    __tablename__ = "commitment"

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    campaign_id: Mapped[int | None] = reference_column("campaign.id", nullable=True, index=False)
    mandate_id: Mapped[int | None] = reference_column("mandate.id", nullable=True)
    state: Mapped[CommitmentState] = state_column(CommitmentState)
    frequency: Mapped[Frequency] = state_column(Frequency)
    day: Mapped[int] = mapped_column(SmallInteger)  # of the month; 31 is the last day of any
    started_on: Mapped[date]
    next_on: Mapped[date]
    collect_on: Mapped[date]
    resume_on: Mapped[date | None] = mapped_column(nullable=True)  # paused until
    noticed_cents: Mapped[int | None] = cents_column(nullable=True)
    notice_from: Mapped[date | None] = mapped_column(nullable=True)
    ended_on: Mapped[date | None] = mapped_column(nullable=True)
    end_reason: Mapped[EndReason | None] = state_column(EndReason, nullable=True)
    source: Mapped[str] = text_column(30)
    language: Mapped[str] = text_column(5)
    created_at: Mapped[datetime] = instant_column()

    __table_args__ = (
        *whole("noticed_cents"),
        CheckConstraint("day BETWEEN 1 AND 31", name="day_of_month"),
        CheckConstraint("collect_on >= next_on", name="collected_when_due"),
        CheckConstraint("(state = 'paused') = (resume_on IS NOT NULL)", name="paused_until"),
        CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name="ended_on_day"),
        CheckConstraint("state IN ('pending', 'ended') OR mandate_id IS NOT NULL", name="has_mandate"),
        Index("ix_commitment_supporter", "supporter_id", "id"),
        Index("ix_commitment_due", "state", "collect_on", "id"),
    )


class CommitmentAmount(db.Model):
    """What is given from a due day on: the last row whose day has come counts."""

    __tablename__ = "commitment_amount"

    id: Mapped[int] = id_column()
    commitment_id: Mapped[int] = reference_column("commitment.id", index=False)
    from_on: Mapped[date]
    cents: Mapped[int] = cents_column()
    created_at: Mapped[datetime] = instant_column()

    __table_args__ = (
        *whole("cents"),
        *positive("cents"),
        Index("ix_commitment_amount_commitment", "commitment_id", "from_on", "id"),
    )


class CommitmentChange(db.Model):
    """What happened to a commitment, one row each, never changed. `on_date` is the first day affected."""

    __tablename__ = "commitment_change"

    id: Mapped[int] = id_column()
    commitment_id: Mapped[int] = reference_column("commitment.id")
    kind: Mapped[ChangeKind] = state_column(ChangeKind)
    before: Mapped[CommitmentState | None] = state_column(CommitmentState, nullable=True)
    after: Mapped[CommitmentState] = state_column(CommitmentState)
    on_date: Mapped[date | None] = mapped_column(nullable=True)
    cents: Mapped[int | None] = cents_column(nullable=True)  # the amount from then on
    note: Mapped[str] = text_column(200, default="")
    staff_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    by: Mapped[str] = text_column(80)
    at: Mapped[datetime] = instant_column()

    __table_args__ = whole("cents")


declare(
    Holding(
        "commitment", "supporter_id", OnMerge.MOVE, OnErase.KEEP, label=N_("Recurring gifts"),
        words=(("commitment_change", "commitment_id", ("note",)),),
    )
)  # fmt: skip
