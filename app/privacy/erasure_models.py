"""Requests to be erased: asked, decided within the legal month, carried out, and what the law has us keep till when."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, reference_column, state_column, text_column
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.supporters.mailboxes import Check


class RequestState(Labelled):
    ASKED = "asked", N_("to be decided")
    ACCEPTED = "accepted", N_("being carried out")
    DONE = "done", N_("erased")
    REFUSED = "refused", N_("refused")
    WITHDRAWN = "withdrawn", N_("withdrawn")


MOVES = Transitions(
    RequestState,
    {
        RequestState.ASKED: {RequestState.ACCEPTED, RequestState.REFUSED, RequestState.WITHDRAWN},
        RequestState.ACCEPTED: {RequestState.DONE},
        RequestState.DONE: set(),
        RequestState.REFUSED: set(),
        RequestState.WITHDRAWN: set(),
    },
)


class Source(Labelled):
    PORTAL = "portal", N_("on My gifts")
    STAFF = "staff", N_("by letter, mail or phone")
    RESTORED = "restored", N_("erased before a backup was restored")


class Ground(Labelled):
    """Why we erase: article 17(1) in words; no free text, since it outlives the person's data."""

    NOT_NEEDED = "not_needed", N_("The data are not needed any more")
    WITHDRAWN = "withdrawn", N_("They withdrew their consent")
    OBJECTED = "objected", N_("They objected")
    UNLAWFUL = "unlawful", N_("We should not have had the data")


_OPEN = text("state IN ('asked', 'accepted')")


class ErasureRequest(db.Model):
    """`due_on`: a month after it was asked (GDPR article 12). `rest_on`: the next day on which something that the law
    had us keep may go too."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        Index("uq_erasure_request_open", "supporter_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_erasure_request_state", "state", "due_on", "id"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_at_when_done"),
    )

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id")
    source: Mapped[Source] = state_column(Source)
    checked_how: Mapped[Check | None] = state_column(Check, nullable=True)  # how staff made sure who asks
    asked_on: Mapped[date]
    due_on: Mapped[date]
    state: Mapped[RequestState] = state_column(RequestState)
    ground: Mapped[Ground | None] = state_column(Ground, nullable=True)
    reason: Mapped[str] = text_column(500, default="")  # of a refusal, as the person is told
    created_at: Mapped[datetime] = instant_column()
    done_at: Mapped[datetime | None] = instant_column(nullable=True)
    rest_on: Mapped[date | None] = mapped_column(nullable=True)


class ErasureStep(db.Model):
    """The history of a request: each state it came into."""

    __tablename__ = "erasure_step"

    id: Mapped[int] = id_column()
    request_id: Mapped[int] = reference_column("erasure_request.id")
    state: Mapped[RequestState] = state_column(RequestState)
    staff_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    at: Mapped[datetime] = instant_column()


declare(
    Holding("erasure_request", "supporter_id", OnMerge.STAY, OnErase.CLEAR, ("reason",),
            label=N_("Requests for erasure"))
)  # fmt: skip
