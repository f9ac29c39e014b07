"""Which receipts and statements were made. Papers are made anew from the gifts; only what a run over all donors
wrote is kept, sealed and for a month (keeping.py)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint
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
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled, Transitions
from app.extensions import db


class Receipt(db.Model):
    """A gift is receipted once; whoever asks again gets a copy that says so."""

    __tablename__ = "gift_receipt"

    id: Mapped[int] = id_column()
    gift_id: Mapped[int] = reference_column("gift.id", index=False, unique=True)
    supporter_id: Mapped[int] = reference_column("supporter.id")
    made_at: Mapped[datetime] = instant_column()
    made_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)


class Statement(db.Model):
    """A statement of one range, both days included. Another `version` says something else (a refund came since);
    `digest` tells whether it would."""

    __tablename__ = "giving_statement"
    __table_args__ = (
        UniqueConstraint("supporter_id", "starts_on", "ends_on", "version"),
        CheckConstraint("ends_on >= starts_on", name="order"),
        CheckConstraint("version >= 1", name="version_from_one"),
        *whole("cents"),
    )

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    version: Mapped[int] = mapped_column(SmallInteger)
    digest: Mapped[str] = text_column(64)
    cents: Mapped[int] = cents_column()
    made_at: Mapped[datetime] = instant_column()
    made_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)


class RunState(Labelled):
    RUNNING = "running", N_("being made")
    STOPPED = "stopped", N_("stopped")
    DONE = "done", N_("made")


class Outcome(Labelled):
    """What became of one donor in a run. Noted and not written is what a killed run leaves behind."""

    NOTED = "noted", N_("being made")
    MADE = "made", N_("made")
    SKIPPED = "skipped", N_("skipped")
    FAILED = "failed", N_("failed")


class Why(Labelled):
    """Why no statement was made for a donor."""

    SAME = "same", N_("was made before and would say the same")
    NOTHING_LEFT = "nothing_left", N_("everything was paid back")
    GONE = "gone", N_("the record was erased or merged meanwhile")
    LAYOUT = "layout", N_("could not be laid out")


class Told(Labelled):
    """How the donor heard that the statement is there."""

    MAIL = "mail", N_("by e-mail")
    LETTER = "letter", N_("on the print list")
    NOBODY = "nobody", N_("told nobody: the donor died")


_R, _O = RunState, Outcome
RUN_MOVES = Transitions(_R, {_R.RUNNING: {_R.STOPPED, _R.DONE}, _R.STOPPED: {_R.RUNNING}, _R.DONE: {_R.RUNNING}})
OUTCOME_MOVES = Transitions(
    _O, {_O.NOTED: {_O.MADE, _O.FAILED, _O.SKIPPED}, _O.FAILED: {_O.NOTED}, _O.MADE: set(), _O.SKIPPED: set()}
)


class StatementRun(db.Model):
    """Annual statements of a year for every donor. `cursor` is the last supporter noted, so that it goes on where
    it stopped. With `copies` who has the same statement already gets a copy, else they are skipped."""

    __tablename__ = "statement_run"
    __table_args__ = (Index("ix_statement_run_year", "year", "id"),)

    id: Mapped[int] = id_column()
    year: Mapped[int] = mapped_column(SmallInteger)
    copies: Mapped[bool]
    state: Mapped[RunState] = state_column(RunState)
    cursor: Mapped[int] = mapped_column(Big, nullable=False, default=0)
    expected: Mapped[int]  # how many donors there were at the start
    problem: Mapped[str] = text_column(200, default="")  # why it stopped by itself, a msgid
    started_at: Mapped[datetime] = instant_column()
    started_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    finished_at: Mapped[datetime | None] = instant_column(nullable=True)
    told_at: Mapped[datetime | None] = instant_column(nullable=True)  # somebody said: tell the donors
    cleared_at: Mapped[datetime | None] = instant_column(nullable=True)  # its files are gone


class StatementItem(db.Model):
    """One donor of a run. `copy_of` and `replaces` are what the paper says of itself; `noted_at` is its date."""

    __tablename__ = "statement_item"
    __table_args__ = (
        UniqueConstraint("run_id", "supporter_id"),
        Index("ix_statement_item_outcome", "run_id", "outcome", "supporter_id"),
        CheckConstraint("(why IS NOT NULL) = (outcome IN ('skipped', 'failed'))", name="why_not_made"),
        CheckConstraint("file IS NULL OR outcome = 'made'", name="file_when_made"),
        CheckConstraint("told IS NULL OR outcome = 'made'", name="told_when_made"),
        *whole("cents"),
    )

    id: Mapped[int] = id_column()
    run_id: Mapped[int] = reference_column("statement_run.id", index=False)
    supporter_id: Mapped[int] = reference_column("supporter.id")
    outcome: Mapped[Outcome] = state_column(Outcome)
    why: Mapped[Why | None] = state_column(Why, nullable=True)
    digest: Mapped[str] = text_column(64)
    cents: Mapped[int] = cents_column()
    file: Mapped[str | None] = text_column(64, nullable=True, index=True)  # the hash of the PDF, until it is cleared
    copy_of: Mapped[datetime | None] = instant_column(nullable=True)
    replaces: Mapped[datetime | None] = instant_column(nullable=True)
    noted_at: Mapped[datetime] = instant_column()
    told: Mapped[Told | None] = state_column(Told, nullable=True)
    fetched_at: Mapped[datetime | None] = instant_column(nullable=True)  # the donor took it from Mijn giften


declare(
    Holding("gift_receipt", "supporter_id", OnMerge.MOVE, OnErase.KEEP, label=N_("Receipts")),
    # Of a merged record there is another statement to make.
    Holding("giving_statement", "supporter_id", OnMerge.DROP, OnErase.DELETE, label=N_("Statements")),
    # It tells of a paper that was addressed to this record, whatever it was merged into since.
    Holding("statement_item", "supporter_id", OnMerge.STAY, OnErase.DELETE, label=N_("Annual statements made")),
)
