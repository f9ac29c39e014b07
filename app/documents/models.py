"""Stored files: who put them where. The content lies sealed on disk under its hash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, text_column
from app.extensions import db


class Document(db.Model):
    """A file that belongs to a record (`subject_type`, `subject_id`). Removed ones stay until retention ends."""

    __tablename__ = "document"
    __table_args__ = (Index("ix_document_subject", "subject_type", "subject_id"),)

    id: Mapped[int] = id_column()
    subject_type: Mapped[str] = text_column(60)
    subject_id: Mapped[int] = mapped_column(Big, nullable=False)
    kind: Mapped[str] = text_column(40)
    filename: Mapped[str] = text_column(200)
    media_type: Mapped[str] = text_column(100)
    size: Mapped[int] = mapped_column(Big, nullable=False)
    sha256: Mapped[str] = text_column(64, index=True)
    created_at: Mapped[datetime] = instant_column()
    created_by_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    removed_at: Mapped[datetime | None] = instant_column(nullable=True)
