"""Links: a secret that opens one narrow thing. Only its hash is stored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, text_column
from app.extensions import db


class Link(db.Model):
    """`purpose` says what it opens ("staff.invitation"), `subject_id` for which row."""

    __tablename__ = "link"
    __table_args__ = (Index("ix_link_subject", "purpose", "subject_id"),)

    id: Mapped[int] = id_column()
    purpose: Mapped[str] = text_column(60)
    subject_id: Mapped[int] = mapped_column(Big, nullable=False)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), nullable=False, index=True)
    data_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)
    single_use: Mapped[bool] = mapped_column(Boolean, nullable=False)
    created_at: Mapped[datetime] = instant_column()
    expires_at: Mapped[datetime | None] = instant_column(nullable=True)
    used_at: Mapped[datetime | None] = instant_column(nullable=True)
    revoked_at: Mapped[datetime | None] = instant_column(nullable=True)
