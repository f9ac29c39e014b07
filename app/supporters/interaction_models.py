"""What passed between us and a supporter: notes, calls, meetings, mail, taking part, complaints."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, state_column, text_column
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled, Transitions
from app.extensions import db


class InteractionKind(Labelled):
    NOTE = "note", N_("note")
    CALL = "call", N_("phone call")
    MEETING = "meeting", N_("meeting")
    MAIL = "mail", N_("letter or e-mail")
    PARTICIPATION = "participation", N_("took part")
    COMPLAINT = "complaint", N_("complaint")


class ComplaintState(Labelled):
    OPEN = "open", N_("open")
    HANDLING = "handling", N_("being handled")
    RESOLVED = "resolved", N_("resolved")


COMPLAINT_MOVES = Transitions(
    ComplaintState,
    {
        ComplaintState.OPEN: {ComplaintState.HANDLING, ComplaintState.RESOLVED},
        ComplaintState.HANDLING: {ComplaintState.RESOLVED, ComplaintState.OPEN},
        ComplaintState.RESOLVED: {ComplaintState.OPEN},
    },
)


class Interaction(db.Model):
    """`body` and `subject` are free text: shown only to those who may read notes. Complaints have a state."""

    __tablename__ = "interaction"
    __table_args__ = (
        Index("ix_interaction_supporter", "supporter_id", "happened_at", "id"),
        Index("ix_interaction_complaint", "complaint_state", "due_on", "id"),
        CheckConstraint("(kind = 'complaint') = (complaint_state IS NOT NULL)", name="complaint_has_state"),
        CheckConstraint("complaint_state IS NULL OR due_on IS NOT NULL", name="complaint_has_due"),
    )

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    kind: Mapped[InteractionKind] = state_column(InteractionKind)
    subject: Mapped[str] = text_column(200)
    body: Mapped[str] = text_column(10_000, default="")
    happened_at: Mapped[datetime] = instant_column()
    by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    created_at: Mapped[datetime] = instant_column()
    complaint_state: Mapped[ComplaintState | None] = state_column(ComplaintState, nullable=True)
    due_on: Mapped[date | None] = mapped_column(Date, nullable=True)
    assignee_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    resolution: Mapped[str] = text_column(4000, default="")
    resolved_at: Mapped[datetime | None] = instant_column(nullable=True)


class ComplaintStep(db.Model):
    """The history of a complaint: each state it came into, by whom, with what was said."""

    __tablename__ = "complaint_step"

    id: Mapped[int] = id_column()
    interaction_id: Mapped[int] = reference_column("interaction.id", ondelete="CASCADE")
    state: Mapped[ComplaintState] = state_column(ComplaintState)
    note: Mapped[str] = text_column(4000, default="")
    at: Mapped[datetime] = instant_column()
    by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)


declare(
    Holding("interaction", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Notes and contacts"), of_others=True)
)
