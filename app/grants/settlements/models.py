"""Settlements of grants and what was paid back on them. Amounts in cents."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, state_column, text_column, whole
from app.extensions import db
from app.grants.awards.models import GrantState


class Settlement(db.Model):
    """What a grant came to in the end. One stands for each grant; taken back by reversal in the books."""

    __tablename__ = "grant_settlement"
    __table_args__ = (
        *whole("settled_cents", "correction_cents", "owed_cents"),
        CheckConstraint("settled_cents >= 0 AND owed_cents >= 0", name="not_negative"),
        CheckConstraint("(reversed_at IS NULL) = (reversal_reason = '')", name="reversal_has_reason"),
        Index(
            "ix_grant_settlement_standing",
            "grant_id",
            unique=True,
            sqlite_where=text("reversed_at IS NULL"),
            postgresql_where=text("reversed_at IS NULL"),
        ),
    )

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id")
    settled_on: Mapped[date] = mapped_column()  # the day of the funder's decision
    booked_on: Mapped[date] = mapped_column()
    settled_cents: Mapped[int] = cents_column()
    correction_cents: Mapped[int] = cents_column()  # income booked by it; negative when reduced
    owed_cents: Mapped[int] = cents_column()  # received more than it came to
    final_position: Mapped[int | None] = mapped_column()  # the instalment planned for what is still to come
    reference: Mapped[str] = text_column(100, default="")
    note: Mapped[str] = text_column(2000)
    state_before: Mapped[GrantState] = state_column(GrantState)
    form_key: Mapped[str] = text_column(64, unique=True)
    recorded_at: Mapped[datetime] = instant_column()
    recorded_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    reversed_at: Mapped[datetime | None] = instant_column(nullable=True)
    reversal_reason: Mapped[str] = text_column(500, default="")


class Repayment(db.Model):
    """Money that went back to the funder. Never edited: taken back by a reversal in the books."""

    __tablename__ = "grant_repayment"
    __table_args__ = (
        *whole("amount_cents"),
        CheckConstraint("amount_cents > 0", name="amount_cents_positive"),
        CheckConstraint("(reversed_at IS NULL) = (reversal_reason = '')", name="reversal_has_reason"),
    )

    id: Mapped[int] = id_column()
    settlement_id: Mapped[int] = reference_column("grant_settlement.id")
    paid_on: Mapped[date] = mapped_column()
    amount_cents: Mapped[int] = cents_column()
    bank_reference: Mapped[str] = text_column(140)
    form_key: Mapped[str] = text_column(64, unique=True)
    recorded_at: Mapped[datetime] = instant_column()
    recorded_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    reversed_at: Mapped[datetime | None] = instant_column(nullable=True)
    reversal_reason: Mapped[str] = text_column(500, default="")
