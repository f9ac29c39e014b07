"""Donors' own sessions: kept here, so that one can be ended, and apart from those of staff."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, text_column
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_
from app.extensions import db


class DonorSession(db.Model):
    """Opened from a mailbox. It lives while that address is still the one that this supporter is written at."""

    __tablename__ = "donor_session"

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id")
    email_id: Mapped[int] = reference_column("email.id", ondelete="CASCADE")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), nullable=False, unique=True)
    browser: Mapped[str] = text_column(80)
    created_at: Mapped[datetime] = instant_column(index=True)
    last_seen_at: Mapped[datetime] = instant_column()
    ended_at: Mapped[datetime | None] = instant_column(nullable=True)


declare(
    *(
        Holding("link", "subject_id", OnMerge.STAY, OnErase.DELETE, label=N_("Links"), exported=False,
                where=("purpose", purpose))
        for purpose in ("portal.new_email", "portal.not_me")
    ),
    Holding("donor_session", "supporter_id", OnMerge.DROP, OnErase.DELETE, label=N_("Visits to My gifts")),
)  # fmt: skip
