"""What was recognised of grants whose income follows their costs."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, text_column, whole
from app.extensions import db


class GrantIncome(db.Model):
    """Income recognised with the costs of one month; negative cents where costs were corrected.

    Never edited: what turns out otherwise is one more row, booked by itself. `key` is grant, month
    and number, so that two runs at once cannot recognise the same costs twice.
    """

    __tablename__ = "grant_income"
    __table_args__ = (*whole("cents"), CheckConstraint("cents <> 0", name="cents_not_zero"))

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id")
    month: Mapped[date] = mapped_column()  # its first day
    cents: Mapped[int] = cents_column()
    booked_on: Mapped[date] = mapped_column()
    key: Mapped[str] = text_column(60, unique=True)
    created_at: Mapped[datetime] = instant_column()
    reversed_at: Mapped[datetime | None] = instant_column(nullable=True)
