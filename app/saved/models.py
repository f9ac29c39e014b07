"""A filter of a list, kept under a name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, text_column
from app.extensions import db


class SavedFilter(db.Model):
    """`query` is the part of the list's address that filters it; it holds no search text and no person."""

    __tablename__ = "saved_filter"
    __table_args__ = (
        UniqueConstraint("owner_id", "list_name", "name"),
        Index("ix_saved_filter_list", "list_name", "shared"),
    )

    id: Mapped[int] = id_column()
    owner_id: Mapped[int] = reference_column("staff.id", index=False)
    list_name: Mapped[str] = text_column(40)
    name: Mapped[str] = text_column(60)
    query: Mapped[str] = text_column(1000)
    shared: Mapped[bool] = mapped_column(Boolean, nullable=False)
    created_at: Mapped[datetime] = instant_column()
