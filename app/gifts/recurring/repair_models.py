"""Payments by which a donor mends a recurring gift: the failed instalment, and the mandate for those to come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, reference_column
from app.extensions import db


class Repair(db.Model):
    """`id` is the checkout's. Done is what the provider confirmed: paid, and its mandate valid."""

    __tablename__ = "commitment_repair"

    id: Mapped[int] = id_column()
    commitment_id: Mapped[int] = reference_column("commitment.id")
    collection_id: Mapped[int | None] = mapped_column(Big, nullable=True)  # what had failed; NULL: the next one is paid
    mandate_id: Mapped[int | None] = reference_column("mandate.id", nullable=True)  # once the payment made it
    created_at: Mapped[datetime] = instant_column()
    done_at: Mapped[datetime | None] = instant_column(nullable=True)
