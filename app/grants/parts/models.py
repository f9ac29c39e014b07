"""Parts of a report, the chain of dates they follow, the tasks partners get, and their devices."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
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
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.grants.history import NOTE_LENGTH, Move

ANSWER_LENGTH = 50_000


class PartKind(Labelled):
    NARRATIVE = "narrative", N_("Text")
    FIGURES = "figures", N_("Figures")
    FILES = "files", N_("Files")
    INDICATOR = "indicator", N_("Indicator")


class PartState(Labelled):
    ASKED = "asked", N_("Asked")
    DRAFT = "draft", N_("Being written")
    SUBMITTED = "submitted", N_("Delivered")
    RETURNED = "returned", N_("Sent back")
    ACCEPTED = "accepted", N_("Accepted")
    WAIVED = "waived", N_("Not needed any more")


_S = PartState
DONE = (_S.ACCEPTED, _S.WAIVED)
WITH_PARTNER = (_S.ASKED, _S.DRAFT, _S.RETURNED)  # theirs to write; these can be late
PART_MOVES = Transitions(
    PartState,
    {
        _S.ASKED: {_S.DRAFT, _S.SUBMITTED, _S.WAIVED},
        _S.DRAFT: {_S.SUBMITTED, _S.WAIVED},
        _S.SUBMITTED: {_S.ACCEPTED, _S.RETURNED},
        # A draft saved on what was sent back leaves it sent back: the reason stays in sight.
        _S.RETURNED: {_S.SUBMITTED, _S.WAIVED},
        _S.ACCEPTED: {_S.RETURNED},
        _S.WAIVED: {_S.ASKED},
    },
)


class PartChain(db.Model):
    """The dates of one obligation's parts, counted back from the funder's. Working days."""

    __tablename__ = "part_chain"
    __table_args__ = (
        CheckConstraint(
            "consolidation_days >= 0 AND review_days >= 0 AND buffer_days >= 0", name="days_are_not_negative"
        ),
        CheckConstraint("asked_on < partner_due_on", name="asked_before_due"),
        CheckConstraint("partner_due_on <= review_on", name="due_before_review"),
        CheckConstraint("review_on <= ready_on", name="review_before_ready"),
        CheckConstraint("ready_on <= funder_due_on", name="ready_before_funder"),
    )

    id: Mapped[int] = id_column()
    obligation_id: Mapped[int] = reference_column("obligation.id", index=False, unique=True)
    asked_on: Mapped[date] = mapped_column()
    consolidation_days: Mapped[int] = mapped_column()
    review_days: Mapped[int] = mapped_column()
    buffer_days: Mapped[int] = mapped_column()
    partner_due_on: Mapped[date] = mapped_column(index=True)
    review_on: Mapped[date] = mapped_column()  # consolidated: internal review begins
    ready_on: Mapped[date] = mapped_column()  # reviewed: what is left is the buffer
    funder_due_on: Mapped[date] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class ChainMove(db.Model):
    """The log of a chain: what moved it from which dates to which, and how many people were told."""

    __tablename__ = "part_chain_move"

    id: Mapped[int] = id_column()
    chain_id: Mapped[int] = reference_column("part_chain.id")
    at: Mapped[datetime] = instant_column()
    actor_kind: Mapped[str] = text_column(20)
    actor_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    old_funder_due_on: Mapped[date | None] = mapped_column()  # empty: the first one
    new_funder_due_on: Mapped[date] = mapped_column()
    old_partner_due_on: Mapped[date | None] = mapped_column()
    new_partner_due_on: Mapped[date] = mapped_column()
    told: Mapped[int] = mapped_column(default=0)


class PartTask(db.Model):
    """What one partner is asked, and the mailbox that is asked: its parts of one obligation, or what it owes us
    for one sub-grant. Its link (`links`, purpose grants.part_task) works until 30 days after the last of it is
    accepted."""

    __tablename__ = "part_task"
    __table_args__ = (
        UniqueConstraint("obligation_id", "partner_id"),
        CheckConstraint("(obligation_id IS NULL) <> (sub_grant_id IS NULL)", name="of_one_thing"),
    )

    id: Mapped[int] = id_column()
    obligation_id: Mapped[int | None] = reference_column("obligation.id", nullable=True, index=False)
    sub_grant_id: Mapped[int | None] = reference_column("sub_grant.id", nullable=True, index=False, unique=True)
    partner_id: Mapped[int] = reference_column("grant_partner.id")
    name: Mapped[str] = text_column(120, default="")
    email: Mapped[str] = text_column(254)
    language: Mapped[str] = text_column(2, default="nl")
    asked_at: Mapped[datetime] = instant_column()
    reminded_on: Mapped[date | None] = mapped_column()
    revoked_at: Mapped[datetime | None] = instant_column(nullable=True)

    @property
    def subject(self) -> tuple[str, int]:
        """The record whose trail tells of it."""
        if self.sub_grant_id is not None:
            return "sub_grant", self.sub_grant_id
        return "obligation", self.obligation_id or 0


class TaskDevice(db.Model):
    """A device that showed the code from the mail. Only the hash of its cookie is kept."""

    __tablename__ = "part_device"
    __table_args__ = (UniqueConstraint("task_id", "device_hash"),)

    id: Mapped[int] = id_column()
    task_id: Mapped[int] = reference_column("part_task.id", index=False)
    device_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    browser: Mapped[str] = text_column(80, default="")
    confirmed_at: Mapped[datetime] = instant_column()


class TaskCode(db.Model):
    """A code mailed to confirm one device: six figures or more, a quarter of an hour, five tries."""

    __tablename__ = "part_code"
    __table_args__ = (CheckConstraint("tries >= 0 AND tries <= 5", name="tries_range"),)

    id: Mapped[int] = id_column()
    task_id: Mapped[int] = reference_column("part_task.id")
    device_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = instant_column(index=True)


class ReportPart(db.Model):
    """One question to one partner (none: to ourselves) for one obligation, with the answer."""

    __tablename__ = "report_part"
    __table_args__ = (
        *whole("total_cents"),
        Index("ix_report_part_obligation", "obligation_id", "partner_id", "position"),
        CheckConstraint("max_characters > 0", name="max_characters_positive"),
    )

    id: Mapped[int] = id_column()
    obligation_id: Mapped[int] = reference_column("obligation.id", index=False)
    partner_id: Mapped[int | None] = reference_column("grant_partner.id", nullable=True)
    position: Mapped[int] = mapped_column()
    kind: Mapped[PartKind] = state_column(PartKind)
    title: Mapped[str] = text_column(200)
    question: Mapped[str] = text_column(4000, default="")
    max_characters: Mapped[int | None] = mapped_column()
    target: Mapped[str] = text_column(200, default="")  # of an indicator
    answer: Mapped[str] = text_column(ANSWER_LENGTH, default="")
    total_cents: Mapped[int | None] = cents_column(nullable=True)  # figures: the total the partner stated
    state: Mapped[PartState] = state_column(PartState, index=True)
    state_since: Mapped[datetime] = instant_column()
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class PartFigure(db.Model):
    """A figure asked for: an amount against a budget line, or a line of our own wording."""

    __tablename__ = "part_figure"
    __table_args__ = (*whole("cents"), CheckConstraint("cents >= 0", name="cents_not_negative"))

    id: Mapped[int] = id_column()
    part_id: Mapped[int] = reference_column("report_part.id")
    position: Mapped[int] = mapped_column()
    budget_line_id: Mapped[int | None] = reference_column("budget_line.id", nullable=True, index=False)
    label: Mapped[str] = text_column(200)
    cents: Mapped[int | None] = cents_column(nullable=True)


class PartMove(Move, db.Model):
    __tablename__ = "report_part_move"

    part_id: Mapped[int] = reference_column("report_part.id")


class PartText(db.Model):
    """Every text that was saved for a part, and those that came second and were set aside: of two
    people who write at once neither's words are lost."""

    __tablename__ = "report_part_text"

    id: Mapped[int] = id_column()
    part_id: Mapped[int] = reference_column("report_part.id")
    version: Mapped[int] = mapped_column()
    answer: Mapped[str] = text_column(ANSWER_LENGTH)
    who: Mapped[str] = text_column(200)
    at: Mapped[datetime] = instant_column()
    set_aside: Mapped[bool] = mapped_column(default=False)


class PartComment(db.Model):
    """A remark on a part, seen by the partner and by us."""

    __tablename__ = "report_part_comment"

    id: Mapped[int] = id_column()
    part_id: Mapped[int] = reference_column("report_part.id")
    at: Mapped[datetime] = instant_column()
    who: Mapped[str] = text_column(200)
    staff_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    text: Mapped[str] = text_column(NOTE_LENGTH)
