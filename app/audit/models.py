"""The trail and its seals. Both refuse UPDATE and DELETE in the database itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, text_column
from app.extensions import db
from app.extensions.triggers import append_only


class AuditEvent(db.Model):
    """Who did what to which row, when. What changed about a person is sealed with that person's key."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_subject", "subject_type", "subject_id", "id"),
        Index("ix_audit_event_actor", "actor_id", "at", "id"),
        Index("ix_audit_event_action", "action", "at", "id"),
        Index("ix_audit_event_at", "at", "id"),
    )

    id: Mapped[int] = id_column()
    at: Mapped[datetime] = instant_column()
    action: Mapped[str] = text_column(80)
    actor_kind: Mapped[str] = text_column(10)
    actor_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    actor_label: Mapped[str] = text_column(80)
    subject_type: Mapped[str] = text_column(60)
    subject_id: Mapped[int] = mapped_column(Big, nullable=False)
    person_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    changes: Mapped[str | None] = text_column(None, nullable=True)
    changes_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)


class AuditFresh(db.Model):
    """Events that no seal covers yet; the sealing job removes them."""

    __tablename__ = "audit_fresh"

    id: Mapped[int] = id_column()


class AuditSeal(db.Model):
    """A link of the chain: a hash over the previous seal and these events (their ids, packed, in order)."""

    __tablename__ = "audit_seal"

    id: Mapped[int] = id_column()
    number: Mapped[int] = mapped_column(Integer, nullable=False, unique=True)
    at: Mapped[datetime] = instant_column()
    event_ids: Mapped[bytes] = mapped_column(LargeBinary, nullable=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), nullable=False)


append_only("audit_event")
append_only("audit_seal")
