"""Mail that waits, was sent, or could not be, and letters to print. What it says and to whom is sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, state_column, text_column
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled
from app.extensions import db


class MessageState(Labelled):
    WAITING = "waiting", N_("Waiting")
    SENDING = "sending", N_("Being sent")
    SENT = "sent", N_("Sent")
    DEAD = "dead", N_("Not delivered")


class Message(db.Model):
    """One mail to one address. `id` is made from its idempotency key: the same key is one mail.

    `data_sealed` holds the address and what the template needs; it is rendered when it is sent,
    so the transaction that queues it stays short. `to_index` finds an address' mail.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("ix_outbox_message_due", "state", "next_at"),
        Index("ix_outbox_message_newest", "created_at", "id"),
    )

    id: Mapped[int] = id_column()
    message_id: Mapped[str] = text_column(120)
    template: Mapped[str] = text_column(120)
    language: Mapped[str] = text_column(2)
    data_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)
    to_index: Mapped[bytes] = mapped_column(LargeBinary(32), nullable=False, index=True)
    person_id: Mapped[int | None] = mapped_column(Big, nullable=True, index=True)
    state: Mapped[MessageState] = state_column(MessageState)
    attempts: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    next_at: Mapped[datetime] = instant_column()
    last_error: Mapped[str | None] = text_column(300, nullable=True)
    created_at: Mapped[datetime] = instant_column()
    sent_at: Mapped[datetime | None] = instant_column(nullable=True)


class Letter(db.Model):
    """A message that goes on paper: printed and posted by people. `id` is made from its idempotency key, as
    a mail's is; the address is read when it is printed, so that it is the one of that day."""

    __tablename__ = "outbox_letter"
    __table_args__ = (
        Index("ix_outbox_letter_waiting", "id", sqlite_where=text("printed_at IS NULL"),
              postgresql_where=text("printed_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = id_column()
    template: Mapped[str] = text_column(120)
    language: Mapped[str] = text_column(2)
    data_sealed: Mapped[bytes] = mapped_column(LargeBinary, nullable=False)
    person_id: Mapped[int] = mapped_column(Big, nullable=False, index=True)
    created_at: Mapped[datetime] = instant_column()
    printed_at: Mapped[datetime | None] = instant_column(nullable=True)
    printed_by: Mapped[int | None] = mapped_column(Big, nullable=True)


# What a letter says of a person is sealed, so an export tells only that there is one; both go with the person.
declare(
    Holding("outbox_message", "person_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Mails"), exported=False),
    Holding("outbox_letter", "person_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Letters to print"), exported=False),
)
