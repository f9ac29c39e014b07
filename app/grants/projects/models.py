"""Projects, what they cost, who covers it, and each funder's rule for hours and overhead."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, state_column, text_column, whole
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.grants.budgets.models import Category
from app.grants.history import NOTE_LENGTH, Move


class ProjectState(Labelled):
    PLANNED = "planned", N_("Planned")
    RUNNING = "running", N_("Running")
    DONE = "done", N_("Done")
    CANCELLED = "cancelled", N_("Cancelled")


_S = ProjectState
PROJECT_MOVES = Transitions(
    ProjectState,
    {
        _S.PLANNED: {_S.RUNNING, _S.CANCELLED},
        _S.RUNNING: {_S.DONE, _S.CANCELLED},
        _S.DONE: {_S.RUNNING},
        _S.CANCELLED: {_S.PLANNED},
    },
)


class CostKind(Labelled):
    AMOUNT = "amount", N_("An amount")
    HOURS = "hours", N_("Hours times a rate")
    PERCENT = "percent", N_("A percentage of the direct costs")


class SourceKind(Labelled):
    GRANT = "grant", N_("A grant")
    OWN = "own", N_("Own means")
    PARTNER = "partner", N_("A partner")


class OverheadRule(Labelled):
    OPEN = "open", N_("As much as the plan says")
    NONE = "none", N_("Pays no overhead")
    PERCENT = "percent", N_("At most a percentage of the direct costs it covers")
    FLAT = "flat", N_("At most a fixed amount for each project")


class Project(db.Model):
    """Work that several parties may pay for. `version` counts for the plan and its sources too."""

    __tablename__ = "project"
    __table_args__ = (CheckConstraint("ends_on >= starts_on", name="period"),)

    id: Mapped[int] = id_column()
    name: Mapped[str] = text_column(200)
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True)
    lead_id: Mapped[int | None] = reference_column("staff.id", nullable=True)
    starts_on: Mapped[date] = mapped_column()
    ends_on: Mapped[date] = mapped_column(index=True)
    state: Mapped[ProjectState] = state_column(ProjectState, index=True)
    state_since: Mapped[datetime] = instant_column()
    note: Mapped[str] = text_column(NOTE_LENGTH, default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class ProjectMove(Move, db.Model):
    __tablename__ = "project_move"

    project_id: Mapped[int] = reference_column("project.id")


class ProjectLine(db.Model):
    """What a part of a project costs: an amount in cents, hundredths of hours times a rate in cents, or
    (overhead) basis points of the direct costs. `cents` is what comes of it."""

    __tablename__ = "project_line"
    __table_args__ = (
        *whole("cents", "rate_cents"),
        CheckConstraint("cents >= 0", name="cents_positive"),
        CheckConstraint("hours_hundredths > 0", name="hours_positive"),
        CheckConstraint("rate_cents > 0", name="rate_cents_positive"),
        CheckConstraint("percent_bp BETWEEN 1 AND 10000", name="percent_bp_range"),
        CheckConstraint(
            "(kind = 'hours') = (hours_hundredths IS NOT NULL) AND (kind = 'hours') = (rate_cents IS NOT NULL)",
            name="hours_have_rate",
        ),
        CheckConstraint("(kind = 'percent') = (percent_bp IS NOT NULL)", name="percent_has_figure"),
        CheckConstraint("kind <> 'percent' OR category = 'overhead'", name="percent_is_overhead"),
    )

    id: Mapped[int] = id_column()
    project_id: Mapped[int] = reference_column("project.id")
    position: Mapped[int] = mapped_column()
    name: Mapped[str] = text_column(200)
    category: Mapped[Category] = state_column(Category)
    kind: Mapped[CostKind] = state_column(CostKind)
    hours_hundredths: Mapped[int | None] = mapped_column()
    rate_cents: Mapped[int | None] = cents_column(nullable=True)
    percent_bp: Mapped[int | None] = mapped_column()
    cents: Mapped[int] = cents_column()
    created_at: Mapped[datetime] = instant_column()


class ProjectSource(db.Model):
    """Who pays for a project: a column of its cover plan. A partner's own contribution has its name."""

    __tablename__ = "project_source"
    __table_args__ = (
        UniqueConstraint("project_id", "grant_id"),
        CheckConstraint("(kind = 'grant') = (grant_id IS NOT NULL)", name="grant_is_named"),
        CheckConstraint("kind <> 'partner' OR name <> ''", name="partner_is_named"),
    )

    id: Mapped[int] = id_column()
    project_id: Mapped[int] = reference_column("project.id", index=False)
    position: Mapped[int] = mapped_column()
    kind: Mapped[SourceKind] = state_column(SourceKind)
    grant_id: Mapped[int | None] = reference_column("grant_award.id", nullable=True)
    name: Mapped[str] = text_column(200, default="")
    created_at: Mapped[datetime] = instant_column()


class ProjectCover(db.Model):
    """What a source pays of a line: an amount in cents or a share in basis points.

    That covers do not add up is shown, never refused: a share may even be more than all.
    """

    __tablename__ = "project_cover"
    __table_args__ = (
        *whole("cents"),
        UniqueConstraint("project_line_id", "source_id"),
        CheckConstraint("cents > 0", name="cents_positive"),
        CheckConstraint("share_bp BETWEEN 1 AND 99999", name="share_bp_range"),
        CheckConstraint("(cents IS NULL) <> (share_bp IS NULL)", name="amount_or_share"),
    )

    id: Mapped[int] = id_column()
    project_line_id: Mapped[int] = reference_column("project_line.id", index=False)
    source_id: Mapped[int] = reference_column("project_source.id")
    cents: Mapped[int | None] = cents_column(nullable=True)
    share_bp: Mapped[int | None] = mapped_column()


class ProjectBudgetLine(db.Model):
    """Costs on this budget line of a grant are costs of this line of a project; of one at the most."""

    __tablename__ = "project_budget_line"

    id: Mapped[int] = id_column()
    project_line_id: Mapped[int] = reference_column("project_line.id")
    budget_line_id: Mapped[int] = reference_column("budget_line.id", index=False, unique=True)


class CoverRule(db.Model):
    """What the funder of a grant pays: overhead, categories, its highest rate for an hour.

    Amounts in cents, percentages in basis points. `excluded` are values of `Category`.
    """

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
    grant_id: Mapped[int] = reference_column("grant_award.id", index=False, unique=True)
    overhead: Mapped[OverheadRule] = state_column(OverheadRule)
    overhead_bp: Mapped[int | None] = mapped_column()
    overhead_cents: Mapped[int | None] = cents_column(nullable=True)
    max_rate_cents: Mapped[int | None] = cents_column(nullable=True)
    excluded: Mapped[list[str]] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = instant_column()
