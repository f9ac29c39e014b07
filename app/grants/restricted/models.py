"""How a grant is divided over funds and programmes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, whole
from app.extensions import db

WHOLE = 10_000  # basis points in all of a grant


class Allocation(db.Model):
    """A part of a grant for a fund or a programme: cents, or basis points of the grant as agreed (2500 is
    25%). What is not divided stays with the fund or programme of the grant itself."""

    __tablename__ = "grant_allocation"
    __table_args__ = (
        *whole("cents"),
        UniqueConstraint("grant_id", "fund_id", name="uq_grant_allocation_fund"),
        UniqueConstraint("grant_id", "programme_id", name="uq_grant_allocation_programme"),
        CheckConstraint("(fund_id IS NULL) <> (programme_id IS NULL)", name="one_purpose"),
        CheckConstraint("(cents IS NULL) <> (basis_points IS NULL)", name="amount_or_share"),
        CheckConstraint("cents > 0", name="cents_positive"),
        CheckConstraint("basis_points BETWEEN 1 AND 10000", name="basis_points_range"),
    )

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id", index=False)
    fund_id: Mapped[int | None] = reference_column("fund.id", nullable=True, index=False)
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    cents: Mapped[int | None] = cents_column(nullable=True)
    basis_points: Mapped[int | None] = mapped_column()
    created_at: Mapped[datetime] = instant_column()


def weight_of(cents: int | None, basis_points: int | None, grant_cents: int) -> int:
    """How heavy a part weighs, in cents × 10.000, so that amounts and shares stand on one scale without rounding."""
    return grant_cents * (basis_points or 0) if cents is None else cents * WHOLE
