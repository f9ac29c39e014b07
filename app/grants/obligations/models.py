"""Obligations, their states, and the reminders that were sent."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, state_column, text_column
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.grants.history import NOTE_LENGTH, Move


class ObligationKind(Labelled):
    LOI = "loi", N_("Letter of inquiry")
    APPLICATION = "application", N_("Application")
    INTERIM_NARRATIVE = "interim_narrative", N_("Interim report")
    INTERIM_FINANCIAL = "interim_financial", N_("Interim financial report")
    ANNUAL = "annual", N_("Annual report")
    FINAL = "final", N_("Final report")
    AUDIT = "audit", N_("Auditor's statement")
    PUBLICITY = "publicity", N_("Publicity duty")
    EVALUATION = "evaluation", N_("Evaluation")


BEFORE_AWARD = (ObligationKind.LOI, ObligationKind.APPLICATION)


class ObligationState(Labelled):
    PLANNED = "planned", N_("Planned")
    IN_PROGRESS = "in_progress", N_("In progress")
    INTERNAL_REVIEW = "internal_review", N_("Internal review")
    SUBMITTED = "submitted", N_("Submitted")
    ACCEPTED = "accepted", N_("Accepted")
    REVISION_REQUESTED = "revision_requested", N_("Revision requested")
    WAIVED = "waived", N_("Waived")


_S = ObligationState
# Still ours to deliver: these can be overdue. What is submitted waits for the funder.
TO_DELIVER = (_S.PLANNED, _S.IN_PROGRESS, _S.INTERNAL_REVIEW, _S.REVISION_REQUESTED)
OBLIGATION_MOVES = Transitions(
    ObligationState,
    {
        _S.PLANNED: {_S.IN_PROGRESS, _S.WAIVED},
        _S.IN_PROGRESS: {_S.INTERNAL_REVIEW, _S.WAIVED},
        _S.INTERNAL_REVIEW: {_S.IN_PROGRESS, _S.SUBMITTED, _S.WAIVED},
        _S.SUBMITTED: {_S.ACCEPTED, _S.REVISION_REQUESTED},
        _S.REVISION_REQUESTED: {_S.IN_PROGRESS, _S.WAIVED},
        _S.ACCEPTED: {_S.SUBMITTED},  # recorded by mistake
        _S.WAIVED: {_S.PLANNED},
    },
)


class Obligation(db.Model):
    """Something we promised a funder to deliver, for an application or a grant. Overdue is computed."""

    __tablename__ = "obligation"
    __table_args__ = (
        CheckConstraint("(application_id IS NULL) <> (grant_id IS NULL)", name="one_owner"),
        Index("ix_obligation_grant", "grant_id", "state", "due_on"),
        # The last two so that counting what is due never opens a row.
        Index("ix_obligation_open", "state", "due_on", "grant_id", "application_id"),
        CheckConstraint("internal_due_on <= due_on", name="internal_due_first"),
        CheckConstraint("period_to >= period_from", name="period"),
        CheckConstraint("state <> 'waived' OR waived_reason <> ''", name="waived_has_reason"),
        CheckConstraint("state NOT IN ('submitted', 'accepted') OR submitted_on IS NOT NULL", name="submitted_has_day"),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[ObligationKind] = state_column(ObligationKind)
    title: Mapped[str] = text_column(200, default="")  # empty: the kind says enough
    application_id: Mapped[int | None] = reference_column("application.id", nullable=True)
    grant_id: Mapped[int | None] = reference_column("grant_award.id", nullable=True, index=False)
    period_from: Mapped[date | None] = mapped_column()
    period_to: Mapped[date | None] = mapped_column()
    due_on: Mapped[date] = mapped_column(index=True)
    internal_due_on: Mapped[date | None] = mapped_column()
    assignee_id: Mapped[int | None] = reference_column("staff.id", nullable=True)
    reviewer_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    instructions: Mapped[str] = text_column(4000, default="")
    state: Mapped[ObligationState] = state_column(ObligationState)
    submitted_on: Mapped[date | None] = mapped_column()
    accepted_on: Mapped[date | None] = mapped_column()
    proof: Mapped[str] = text_column(1000, default="")  # portal's confirmation number, "mailed to ..."
    waived_reason: Mapped[str] = text_column(NOTE_LENGTH, default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class ObligationMove(Move, db.Model):
    __tablename__ = "obligation_move"

    obligation_id: Mapped[int] = reference_column("obligation.id")


class ReminderSent(db.Model):
    """One reminder mail: at most one for each obligation, mark (days before), due date and person."""

    __tablename__ = "obligation_reminder"
    __table_args__ = (UniqueConstraint("obligation_id", "due_on", "mark", "staff_id"),)

    id: Mapped[int] = id_column()
    obligation_id: Mapped[int] = reference_column("obligation.id", index=False)
    due_on: Mapped[date] = mapped_column()
    mark: Mapped[int] = mapped_column()
    staff_id: Mapped[int] = reference_column("staff.id")
    queued_at: Mapped[datetime] = instant_column()
