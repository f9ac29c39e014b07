"""How the result of a year was appropriated. The entry in the journal is what counts; this says who decided what."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, text_column, whole
from app.extensions import db

SOURCE = "appropriation"  # of its entry in the journal


class Appropriation(db.Model):
    """Once for a fiscal year, until it is undone. `moves` is [key of the part (proposal.py), proposed cents, decided
    cents]: above zero adds to the fund; what is left of the result goes to the general reserve."""

    __tablename__ = "appropriation"
    __table_args__ = (
        *whole("result_cents"),
        CheckConstraint("(undone_at IS NULL) = (undone_reason = '')", name="undone_for_a_reason"),
        Index(
            "uq_appropriation_year", "year", unique=True,
            sqlite_where=text("undone_at IS NULL"), postgresql_where=text("undone_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = id_column()
    year: Mapped[int]
    booked_on: Mapped[date] = mapped_column(Date)  # the last day of the year
    result_cents: Mapped[int] = cents_column()
    moves: Mapped[list[Any]] = mapped_column(JSON)
    reason: Mapped[str] = text_column(500, default="")  # why it is other than proposed
    made_at: Mapped[datetime] = instant_column()
    made_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    undone_at: Mapped[datetime | None] = instant_column(nullable=True)
    undone_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    undone_reason: Mapped[str] = text_column(500, default="")
