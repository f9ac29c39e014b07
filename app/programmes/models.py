"""Programmes, funds and campaigns."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, positive, reference_column, text_column, whole
from app.extensions import db


class Programme(db.Model):
    """What money is for. `public` programmes can be chosen by donors on Steun ons."""

    __tablename__ = "programme"
    __table_args__ = (CheckConstraint("position >= 0", name="position_natural"),)

    id: Mapped[int] = id_column()
    slug: Mapped[str] = text_column(60, unique=True)
    name_nl: Mapped[str] = text_column(100)
    name_en: Mapped[str] = text_column(100)
    description_nl: Mapped[str] = text_column(600, default="")
    description_en: Mapped[str] = text_column(600, default="")
    rj_goal: Mapped[str | None] = text_column(100, nullable=True)  # the goal of RJ 650 its costs are counted under
    public: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)

    def name(self, language: str) -> str:
        return self.name_en if language == "en" else self.name_nl

    def description(self, language: str) -> str:
        return self.description_en if language == "en" else self.description_nl


class Fund(db.Model):
    """Money set apart: restricted by who gave it (bestemmingsfonds) or by the board (bestemmingsreserve)."""

    __tablename__ = "fund"

    id: Mapped[int] = id_column()
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True)
    slug: Mapped[str] = text_column(60, unique=True)
    name_nl: Mapped[str] = text_column(100)
    name_en: Mapped[str] = text_column(100)
    restricted: Mapped[bool] = mapped_column(default=True)  # by third parties; else earmarked by the board
    active: Mapped[bool] = mapped_column(default=True)
    # Its own account in the ledger, made when something is first booked on the fund.
    account_id: Mapped[int | None] = reference_column("ledger_account.id", nullable=True, index=False, unique=True)

    def name(self, language: str) -> str:
        return self.name_en if language == "en" else self.name_nl


class Campaign(db.Model):
    """An appeal with a page of its own. `source_code` marks the gifts that come of it.

    A story is plain text: blank lines part paragraphs, web addresses become links.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name="dates"),
        *whole("target_cents"),
        *positive("target_cents"),
    )

    id: Mapped[int] = id_column()
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True)
    slug: Mapped[str] = text_column(60, unique=True)
    name_nl: Mapped[str] = text_column(100)
    name_en: Mapped[str] = text_column(100)
    source_code: Mapped[str] = text_column(30, unique=True)
    presets_cents: Mapped[list[Any]] = mapped_column(JSON, default=list)  # whole cents
    starts_on: Mapped[date | None] = mapped_column(nullable=True)
    ends_on: Mapped[date | None] = mapped_column(nullable=True)
    active: Mapped[bool] = mapped_column(default=True)
    story_nl: Mapped[str] = text_column(6000, default="", server_default="")
    story_en: Mapped[str] = text_column(6000, default="", server_default="")
    target_cents: Mapped[int | None] = cents_column(nullable=True)
    picture_id: Mapped[int | None] = reference_column("document.id", nullable=True, index=False)
    picture_alt_nl: Mapped[str] = text_column(200, default="", server_default="")
    picture_alt_en: Mapped[str] = text_column(200, default="", server_default="")

    def name(self, language: str) -> str:
        return self.name_en if language == "en" else self.name_nl

    def story(self, language: str) -> str:
        return self.story_en if language == "en" else self.story_nl

    def picture_alt(self, language: str) -> str:
        return self.picture_alt_en if language == "en" else self.picture_alt_nl

    def has_begun(self, today: date) -> bool:
        return self.active and (self.starts_on is None or self.starts_on <= today)

    def is_open(self, today: date) -> bool:
        """Whether one can give to it on this day."""
        return self.has_begun(today) and (self.ends_on is None or self.ends_on >= today)
