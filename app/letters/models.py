"""A mailing and who got it. A row per recipient, made before its mail is queued: nobody gets it twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, reference_column, state_column, text_column
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled, Transitions
from app.extensions import db


class MailingState(Labelled):
    DRAFT = "draft", N_("draft")
    SENDING = "sending", N_("being sent")
    STOPPED = "stopped", N_("stopped")
    SENT = "sent", N_("sent")


MOVES = Transitions(
    MailingState,
    {
        MailingState.DRAFT: {MailingState.SENDING},
        MailingState.SENDING: {MailingState.STOPPED, MailingState.SENT},
        MailingState.STOPPED: {MailingState.SENDING},
        MailingState.SENT: set(),
    },
)


class Mailing(db.Model):
    """News by e-mail. `cursor` is the last supporter dealt with, so that sending goes on where it stopped."""

    __tablename__ = "mailing"

    id: Mapped[int] = id_column()
    subject: Mapped[str] = text_column(150)
    body: Mapped[str] = text_column(20_000)
    subject_en: Mapped[str] = text_column(150, default="")
    body_en: Mapped[str] = text_column(20_000, default="")
    state: Mapped[MailingState] = state_column(MailingState, default=MailingState.DRAFT)
    cursor: Mapped[int] = mapped_column(Big, nullable=False, default=0)
    sent_count: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    created_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    created_at: Mapped[datetime] = instant_column()
    started_at: Mapped[datetime | None] = instant_column(nullable=True)
    finished_at: Mapped[datetime | None] = instant_column(nullable=True)


class MailingStep(db.Model):
    """The history of a mailing: each state it came into."""

    __tablename__ = "mailing_step"

    id: Mapped[int] = id_column()
    mailing_id: Mapped[int] = reference_column("mailing.id")
    state: Mapped[MailingState] = state_column(MailingState)
    at: Mapped[datetime] = instant_column()
    by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)


class MailingRecipient(db.Model):
    """Who got it, by person and by address: housemates who share a mailbox get one."""

    __tablename__ = "mailing_recipient"
    __table_args__ = (
        UniqueConstraint("mailing_id", "supporter_id"),
        UniqueConstraint("mailing_id", "address_index", name="uq_mailing_recipient_address"),
        Index("ix_mailing_recipient_supporter", "supporter_id", "id"),
    )

    id: Mapped[int] = id_column()
    mailing_id: Mapped[int] = reference_column("mailing.id", index=False)
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    address_index: Mapped[bytes] = mapped_column(LargeBinary(32), nullable=False)
    queued_at: Mapped[datetime] = instant_column()


declare(Holding("mailing_recipient", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Mailings received")))
