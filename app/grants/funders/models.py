"""Funders: what kind they are, and the RJ 650 line that follows from it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, state_column, text_column, whole
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled
from app.extensions import db
from app.ledger.rj import RjLine


class FunderKind(Labelled):
    LOTTERY = "lottery", N_("Lottery")
    FOUNDATION = "foundation", N_("Family foundation or fund")
    GOVERNMENT = "government", N_("Government")
    COMPANY = "company", N_("Company")
    EU = "eu", N_("European Union")
    CHARITY = "charity", N_("Other charity")


# RJ 650 classifies by the origin of the money (DOMAIN.md 5.1).
DEFAULT_INCOME_LINE = {
    FunderKind.LOTTERY: RjLine.LOTTERIES,
    FunderKind.FOUNDATION: RjLine.NON_PROFITS,
    FunderKind.GOVERNMENT: RjLine.GOVERNMENT,
    FunderKind.COMPANY: RjLine.COMPANIES,
    FunderKind.EU: RjLine.GOVERNMENT,
    FunderKind.CHARITY: RjLine.NON_PROFITS,
}


class Funder(db.Model):
    """An organisation in the role of funder: what kind it is and what it likes to support."""

    __tablename__ = "funder"
    __table_args__ = (
        *whole("grant_min_cents", "grant_max_cents"),
        CheckConstraint("grant_min_cents >= 0", name="grant_min_cents_positive"),
        CheckConstraint("grant_max_cents >= grant_min_cents", name="grant_range"),
    )

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False, unique=True)
    kind: Mapped[FunderKind] = state_column(FunderKind)
    linked: Mapped[bool] = mapped_column(default=False)  # a linked organisation: RJ 650 line of its own
    themes: Mapped[str] = text_column(1000, default="")
    grant_min_cents: Mapped[int | None] = cents_column(nullable=True)
    grant_max_cents: Mapped[int | None] = cents_column(nullable=True)
    portal_url: Mapped[str] = text_column(500, default="")
    owner_id: Mapped[int | None] = reference_column("staff.id", nullable=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()

    @property
    def income_line(self) -> RjLine:
        """The RJ 650 line its money belongs to, unless a grant says otherwise."""
        return RjLine.AFFILIATED if self.linked else DEFAULT_INCOME_LINE[self.kind]


declare(Holding("funder", "supporter_id", OnMerge.MOVE, OnErase.KEEP, label=N_("Funder")))
