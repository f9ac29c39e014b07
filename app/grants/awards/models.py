"""Grants, their states, and when they become income."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, state_column, text_column, whole
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.grants.history import Move
from app.ledger.rj import RjLine


class GrantState(Labelled):
    CONTRACTING = "contracting", N_("Contracting")
    ACTIVE = "active", N_("Active")
    EXTENDED = "extended", N_("Extended")
    REPORTING = "reporting", N_("Reporting")
    CLOSED = "closed", N_("Closed")
    TERMINATED = "terminated", N_("Terminated early")
    CLAWBACK = "clawback", N_("Clawback")
    TURNED_BACK = "turned_back", N_("Turned back")


_S = GrantState
RUNNING = (_S.CONTRACTING, _S.ACTIVE, _S.EXTENDED, _S.REPORTING)
GRANT_MOVES = Transitions(
    GrantState,
    {
        _S.CONTRACTING: {_S.ACTIVE, _S.TERMINATED, _S.TURNED_BACK},
        _S.ACTIVE: {_S.EXTENDED, _S.REPORTING, _S.TERMINATED, _S.TURNED_BACK},
        _S.EXTENDED: {_S.EXTENDED, _S.REPORTING, _S.TERMINATED, _S.TURNED_BACK},  # extended twice happens
        _S.REPORTING: {_S.ACTIVE, _S.EXTENDED, _S.CLOSED, _S.TERMINATED, _S.CLAWBACK},
        _S.CLOSED: {_S.REPORTING, _S.CLAWBACK},
        _S.TERMINATED: {_S.CLOSED, _S.CLAWBACK},
        # Backwards: a settlement that is taken back.
        _S.CLAWBACK: {_S.REPORTING, _S.CLOSED, _S.TERMINATED},
        _S.TURNED_BACK: set(),
    },
)


class Recognition(Labelled):
    """When a grant becomes income."""

    AWARD = "award", N_("On award, at once")
    CONTRIBUTION_YEAR = "contribution_year", N_("Each instalment in its contribution year")
    RECEIPT = "receipt", N_("When the money is received")
    COSTS = "costs", N_("In step with the costs it covers")


class Grant(db.Model):
    """An award: the amount, the period and the rules that come with it. Amount in cents."""

    __tablename__ = "grant_award"
    __table_args__ = (
        *whole("amount_cents"),
        # An award that was turned back leaves its application free for another decision.
        Index(
            "ix_grant_award_application_id",
            "application_id",
            unique=True,
            sqlite_where=text("state <> 'turned_back'"),
            postgresql_where=text("state <> 'turned_back'"),
        ),
        CheckConstraint("amount_cents > 0", name="amount_cents_positive"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint("confirmed_by_id IS NULL OR confirmed_at IS NOT NULL", name="confirmed_when"),
    )

    id: Mapped[int] = id_column()
    application_id: Mapped[int] = reference_column("application.id", index=False)
    funder_id: Mapped[int] = reference_column("funder.id")
    title: Mapped[str] = text_column(200)
    funder_reference: Mapped[str] = text_column(100, default="")
    amount_cents: Mapped[int] = cents_column()
    decided_on: Mapped[date] = mapped_column()
    agreed_on: Mapped[date | None] = mapped_column()
    starts_on: Mapped[date] = mapped_column()
    ends_on: Mapped[date] = mapped_column()
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True)
    fund_id: Mapped[int | None] = reference_column("fund.id", nullable=True)
    restriction: Mapped[str] = text_column(1000, default="")
    income_line: Mapped[RjLine] = state_column(RjLine)
    income_line_reason: Mapped[str] = text_column(500, default="")
    recognition: Mapped[Recognition] = state_column(Recognition)
    all_at_once: Mapped[bool] = mapped_column(default=False)  # income of one year, though it is for several
    state: Mapped[GrantState] = state_column(GrantState, index=True)
    state_since: Mapped[datetime] = instant_column()
    owner_id: Mapped[int | None] = reference_column("staff.id", nullable=True)
    # Finance looked at it: from here on it is in the books.
    confirmed_at: Mapped[datetime | None] = instant_column(nullable=True)
    confirmed_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class GrantMove(Move, db.Model):
    __tablename__ = "grant_move"

    grant_id: Mapped[int] = reference_column("grant_award.id")
