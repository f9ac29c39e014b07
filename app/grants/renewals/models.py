"""When to ask again, where it differs from what is usual."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, text_column
from app.extensions import db

USUAL_MONTHS = 6  # before the end of the period


class RenewalWindow(db.Model):
    """A grant's own renewal window; a grant without a row has the usual one."""

    __tablename__ = "renewal_window"
    __table_args__ = (CheckConstraint("wanted OR opens_on IS NULL", name="opens_if_wanted"),)

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id", index=False, unique=True)
    wanted: Mapped[bool] = mapped_column(default=True)  # False: this grant is not renewed
    opens_on: Mapped[date | None] = mapped_column(index=True)  # empty: the usual months before the end
    note: Mapped[str] = text_column(500, default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()
