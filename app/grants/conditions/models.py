"""Conditions that a funder sets, and by what they were met."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, state_column, text_column
from app.base.states import N_, Labelled
from app.extensions import db


class ConditionKind(Labelled):
    PRECEDENT = "precedent", N_("Before payment")
    ONGOING = "ongoing", N_("All through the period")
    APPROVAL = "approval", N_("Ask for approval beforehand")


class Condition(db.Model):
    """A condition of the grant, or of one of its instalments. What must be met before payment holds the
    instalment (or all of the grant) as conditional until it is; the others are kept in view."""

    __tablename__ = "grant_condition"
    __table_args__ = (
        CheckConstraint("met_on IS NOT NULL OR (evidence = '' AND document_id IS NULL)", name="evidence_of_met"),
        CheckConstraint("instalment_id IS NULL OR kind = 'precedent'", name="of_instalment_holds_it"),
    )

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id")
    instalment_id: Mapped[int | None] = reference_column("instalment.id", nullable=True)
    kind: Mapped[ConditionKind] = state_column(ConditionKind)
    text: Mapped[str] = text_column(1000)
    met_on: Mapped[date | None] = mapped_column()
    evidence: Mapped[str] = text_column(1000, default="")  # in words
    document_id: Mapped[int | None] = reference_column("document.id", nullable=True, index=False)
    met_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()
    removed_at: Mapped[datetime | None] = instant_column(nullable=True)
