"""How a funder is shown on the public page."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, text_column
from app.extensions import db


class Acknowledgement(db.Model):
    """One funder on the page *Wij worden gesteund door*. Nothing is shown before the funder agreed.

    `obligation_id` is the publicity duty that was planned with it, so that it is reported on too.
    """

    __tablename__ = "acknowledgement"
    __table_args__ = (
        CheckConstraint("position BETWEEN 1 AND 9999", name="position_range"),
        CheckConstraint("shown_until >= shown_from", name="period"),
    )

    id: Mapped[int] = id_column()
    funder_id: Mapped[int] = reference_column("funder.id", index=False, unique=True)
    grant_id: Mapped[int | None] = reference_column("grant_award.id", nullable=True)  # whose contract asks it
    obligation_id: Mapped[int | None] = reference_column("obligation.id", nullable=True)
    agreed_on: Mapped[date | None] = mapped_column()
    shown_from: Mapped[date | None] = mapped_column()
    shown_until: Mapped[date | None] = mapped_column()
    position: Mapped[int] = mapped_column()
    wording_nl: Mapped[str] = text_column(500, default="")
    wording_en: Mapped[str] = text_column(500, default="")
    website: Mapped[str] = text_column(500, default="")
    logo_id: Mapped[int | None] = reference_column("document.id", nullable=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()
