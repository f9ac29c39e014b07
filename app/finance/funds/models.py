"""Money that the board moved between funds. The entry in the journal is what counts; this says who decided what."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date
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
from app.base.states import N_, Labelled, Transitions
from app.extensions import db

SOURCE = "fund_move"  # of its entry in the journal, and of its documents


class MoveState(Labelled):
    PROPOSED = "proposed", N_("Waits for a second person")
    BOOKED = "booked", N_("Booked")
    WITHDRAWN = "withdrawn", N_("Withdrawn")
    UNDONE = "undone", N_("Undone")


MOVE_MOVES = Transitions(
    MoveState,
    {
        MoveState.PROPOSED: {MoveState.BOOKED, MoveState.WITHDRAWN},
        MoveState.BOOKED: {MoveState.UNDONE},
        MoveState.WITHDRAWN: set(),
        MoveState.UNDONE: set(),
    },
)


class FundMove(db.Model):
    """`from_key` and `to_key` name a fund ("f" and its id), the money of a programme that is in no fund ("p" and its
    id; earmarked by the board "b") or the general reserve ("r"). `below_reason` says why a fund may go
    below zero by it."""

    __tablename__ = "fund_move"
    __table_args__ = (
        *whole("cents"),
        *positive("cents"),
        CheckConstraint("from_key <> to_key", name="from_one_to_another"),
        CheckConstraint("state NOT IN ('booked', 'undone') OR approved_at IS NOT NULL", name="booked_is_approved"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> made_by_id", name="approved_by_another"),
        CheckConstraint("(ended_at IS NOT NULL) = (ended_reason <> '')", name="ended_for_a_reason"),
    )

    id: Mapped[int] = id_column()
    state: Mapped[MoveState] = state_column(MoveState, default=MoveState.PROPOSED)
    cents: Mapped[int] = cents_column()
    from_key: Mapped[str] = text_column(30)
    to_key: Mapped[str] = text_column(30)
    booked_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = text_column(500)
    decided_by: Mapped[str] = text_column(200)
    decided_on: Mapped[date] = mapped_column(Date)
    below_reason: Mapped[str] = text_column(500, default="")
    made_at: Mapped[datetime] = instant_column()
    made_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    approved_at: Mapped[datetime | None] = instant_column(nullable=True)
    approved_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    ended_at: Mapped[datetime | None] = instant_column(nullable=True)  # withdrawn or undone
    ended_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    ended_reason: Mapped[str] = text_column(500, default="")
