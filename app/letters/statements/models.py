"""Which receipts and statements were made. The papers themselves are made anew from the gifts, and kept nowhere."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, text_column, whole
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_
from app.extensions import db


class Receipt(db.Model):
    """A gift is receipted once; whoever asks again gets a copy that says so."""

    __tablename__ = "gift_receipt"

    id: Mapped[int] = id_column()
    gift_id: Mapped[int] = reference_column("gift.id", index=False, unique=True)
    supporter_id: Mapped[int] = reference_column("supporter.id")
    made_at: Mapped[datetime] = instant_column()
    made_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)


class Statement(db.Model):
    """A statement of one range, both days included. Another `version` says something else (a refund came since);
    `digest` tells whether it would."""

    __tablename__ = "giving_statement"
    __table_args__ = (
        UniqueConstraint("supporter_id", "starts_on", "ends_on", "version"),
        CheckConstraint("ends_on >= starts_on", name="order"),
        CheckConstraint("version >= 1", name="version_from_one"),
        *whole("cents"),
    )

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    version: Mapped[int] = mapped_column(SmallInteger)
    digest: Mapped[str] = text_column(64)
    cents: Mapped[int] = cents_column()
    made_at: Mapped[datetime] = instant_column()
    made_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)


declare(
    Holding("gift_receipt", "supporter_id", OnMerge.MOVE, OnErase.KEEP, label=N_("Receipts")),
    # Of a merged record there is another statement to make.
    Holding("giving_statement", "supporter_id", OnMerge.DROP, OnErase.DELETE, label=N_("Statements")),
)
