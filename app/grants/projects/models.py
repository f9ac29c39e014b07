"""Projects, what they cost, who covers it, and each funder's rule for hours and overhead."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, state_column, text_column, whole
from app.base.states import N_, Labelled
from app.extensions import db
from app.grants.budgets.models import Category
from app.grants.history import NOTE_LENGTH


class CostKind(Labelled):
    AMOUNT = "amount", N_("An amount")
    HOURS = "hours", N_("Hours times a rate")


class CoverSource(Labelled):
    GRANT = "grant", N_("A grant")
    OWN = "own", N_("Own means")
    PARTNER = "partner", N_("A partner")


class OverheadKind(Labelled):
    NONE = "none", N_("Pays no overhead")
    PERCENT = "percent", N_("A percentage of the direct costs it covers")
    FLAT = "flat", N_("A fixed amount for each project")


class CoverRule(db.Model):
    """What a funder pays beside direct costs, and its highest rate for an hour. Percentages in basis points."""

    __tablename__ = "cover_rule"
    __table_args__ = (
        *whole("overhead_cents", "max_rate_cents"),
        CheckConstraint("(overhead = 'percent') = (overhead_bp IS NOT NULL)", name="percent_has_figure"),
        CheckConstraint("(overhead = 'flat') = (overhead_cents IS NOT NULL)", name="flat_has_amount"),
        CheckConstraint("overhead_bp BETWEEN 1 AND 10000", name="overhead_bp_range"),
        CheckConstraint("overhead_cents > 0", name="overhead_cents_positive"),
        CheckConstraint("max_rate_cents > 0", name="max_rate_cents_positive"),
    )

    id: Mapped[int] = id_column()
    funder_id: Mapped[int] = reference_column("funder.id", index=False, unique=True)
    overhead: Mapped[OverheadKind] = state_column(OverheadKind)
    overhead_bp: Mapped[int | None] = mapped_column()
    overhead_cents: Mapped[int | None] = cents_column(nullable=True)
    max_rate_cents: Mapped[int | None] = cents_column(nullable=True)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = instant_column()


class Project(db.Model):
    """Work that several parties pay for. `overhead_bp`: our own overhead over the direct costs."""

    __tablename__ = "project"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint("overhead_bp BETWEEN 0 AND 10000", name="overhead_bp_range"),
    )

    id: Mapped[int] = id_column()
    name: Mapped[str] = text_column(200)
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True)
    starts_on: Mapped[date] = mapped_column()
    ends_on: Mapped[date] = mapped_column()
    overhead_bp: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = text_column(NOTE_LENGTH, default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class ProjectLine(db.Model):
    """A direct cost of a project: an amount in cents, or hundredths of hours times a rate in cents."""

    __tablename__ = "project_line"
    __table_args__ = (
        *whole("cents", "rate_cents"),
        CheckConstraint("cents >= 0", name="cents_positive"),
        CheckConstraint("hours_hundredths > 0", name="hours_positive"),
        CheckConstraint("rate_cents > 0", name="rate_cents_positive"),
        CheckConstraint(
            "(kind = 'hours') = (hours_hundredths IS NOT NULL AND rate_cents IS NOT NULL)", name="hours_have_rate"
        ),
    )

    id: Mapped[int] = id_column()
    project_id: Mapped[int] = reference_column("project.id")
    position: Mapped[int] = mapped_column()
    name: Mapped[str] = text_column(200)
    category: Mapped[Category] = state_column(Category)
    kind: Mapped[CostKind] = state_column(CostKind)
    hours_hundredths: Mapped[int | None] = mapped_column()
    rate_cents: Mapped[int | None] = cents_column(nullable=True)
    cents: Mapped[int] = cents_column()  # what it costs; of hours: hours times the rate
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class Cover(db.Model):
    """Who pays (a part of) a line: an amount in cents or a share in basis points. Without a line it
    covers the project's overhead. That covers do not add up is shown, never refused."""

    __tablename__ = "project_cover"
    __table_args__ = (
        *whole("cents"),
        CheckConstraint("cents > 0", name="cents_positive"),
        CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share_bp_range"),
        CheckConstraint("(cents IS NULL) <> (share_bp IS NULL)", name="amount_or_share"),
        CheckConstraint("(source = 'grant') = (grant_id IS NOT NULL)", name="grant_is_named"),
        CheckConstraint("budget_line_id IS NULL OR grant_id IS NOT NULL", name="line_of_a_grant"),
        CheckConstraint("source <> 'partner' OR payer <> ''", name="partner_is_named"),
    )

    id: Mapped[int] = id_column()
    project_id: Mapped[int] = reference_column("project.id")
    project_line_id: Mapped[int | None] = reference_column("project_line.id", nullable=True)
    source: Mapped[CoverSource] = state_column(CoverSource)
    grant_id: Mapped[int | None] = reference_column("grant_award.id", nullable=True)
    budget_line_id: Mapped[int | None] = reference_column("budget_line.id", nullable=True)
    payer: Mapped[str] = text_column(200, default="")  # the partner's name
    cents: Mapped[int | None] = cents_column(nullable=True)
    share_bp: Mapped[int | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()
