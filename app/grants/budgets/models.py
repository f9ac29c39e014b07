"""Budget versions, their lines, and amendments.

A line is one identity for as long as the grant runs (`budget_line`); what it is called and what it
may cost is kept for each version (`budget_row`). So an expense or a partner's figure stays with its
line when the budget changes, and every old version can be read as it was.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, state_column, text_column, whole
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.grants.history import NOTE_LENGTH, Move


class BudgetState(Labelled):
    DRAFT = "draft", N_("Draft")
    IN_FORCE = "in_force", N_("In force")
    SUPERSEDED = "superseded", N_("Superseded")


BUDGET_MOVES = Transitions(
    BudgetState,
    {
        BudgetState.DRAFT: {BudgetState.IN_FORCE},
        BudgetState.IN_FORCE: {BudgetState.SUPERSEDED},
        BudgetState.SUPERSEDED: set(),
    },
)


class Category(Labelled):
    STAFF = "staff", N_("Staff costs")
    TRAVEL = "travel", N_("Travel and stay")
    MATERIALS = "materials", N_("Material and equipment")
    SERVICES = "services", N_("Services of others")
    ACTIVITIES = "activities", N_("Activities")
    SUBGRANTS = "subgrants", N_("Passed on to partners")
    OVERHEAD = "overhead", N_("Overhead")
    OTHER = "other", N_("Other costs")


_FORCE = text("state = 'in_force'")
_DRAFT = text("state = 'draft'")


class BudgetVersion(db.Model):
    """One version of a grant's budget. At most one is in force and one a draft; old ones stay."""

    __tablename__ = "budget_version"
    __table_args__ = (
        UniqueConstraint("grant_id", "number"),
        Index("uq_budget_version_in_force", "grant_id", unique=True, sqlite_where=_FORCE, postgresql_where=_FORCE),
        Index("uq_budget_version_draft", "grant_id", unique=True, sqlite_where=_DRAFT, postgresql_where=_DRAFT),
        CheckConstraint("(state = 'draft') = (in_force_on IS NULL)", name="in_force_has_day"),
    )

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id", index=False)
    number: Mapped[int] = mapped_column()
    state: Mapped[BudgetState] = state_column(BudgetState)
    note: Mapped[str] = text_column(NOTE_LENGTH, default="")
    in_force_on: Mapped[date | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class BudgetLine(db.Model):
    """A line's identity, the same through all versions of the grant's budget."""

    __tablename__ = "budget_line"

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id")
    created_at: Mapped[datetime] = instant_column()


class BudgetRow(db.Model):
    """A line as one version has it. Amounts in cents: `approved` by the funder at first, `revised` now.

    `tolerance_bp`: how far spending may shift from the approved amount without asking the funder,
    in basis points (1000 is 10 %); empty: nothing is agreed.
    """

    __tablename__ = "budget_row"
    __table_args__ = (
        *whole("approved_cents", "revised_cents"),
        UniqueConstraint("budget_version_id", "budget_line_id"),
        CheckConstraint("approved_cents >= 0", name="approved_cents_positive"),
        CheckConstraint("revised_cents >= 0", name="revised_cents_positive"),
        CheckConstraint("tolerance_bp BETWEEN 0 AND 10000", name="tolerance_bp_range"),
    )

    id: Mapped[int] = id_column()
    budget_version_id: Mapped[int] = reference_column("budget_version.id", index=False)
    budget_line_id: Mapped[int] = reference_column("budget_line.id")
    # Whose line it is; empty: ours.
    partner_id: Mapped[int | None] = reference_column("grant_partner.id", nullable=True, index=False)
    position: Mapped[int] = mapped_column()
    code: Mapped[str] = text_column(40, default="")
    name: Mapped[str] = text_column(200)
    category: Mapped[Category] = state_column(Category)
    approved_cents: Mapped[int] = cents_column()
    revised_cents: Mapped[int] = cents_column()
    tolerance_bp: Mapped[int | None] = mapped_column()


class AmendmentKind(Labelled):
    EXTENSION = "extension", N_("More time")
    REALLOCATION = "reallocation", N_("Shift within the budget")
    SCOPE = "scope", N_("Other work or another amount")


class AmendmentState(Labelled):
    REQUESTED = "requested", N_("Asked of the funder")
    APPROVED = "approved", N_("Approved")
    REFUSED = "refused", N_("Refused")


AMENDMENT_MOVES = Transitions(
    AmendmentState,
    {
        AmendmentState.REQUESTED: {AmendmentState.APPROVED, AmendmentState.REFUSED},
        AmendmentState.APPROVED: set(),
        AmendmentState.REFUSED: set(),
    },
)


class Amendment(db.Model):
    """A change asked of the funder. What it asks is written to the grant when it is approved.

    `was_ends_on` and `was_amount_cents` keep what the grant said before.
    """

    __tablename__ = "amendment"
    __table_args__ = (
        *whole("amount_cents", "was_amount_cents"),
        CheckConstraint("amount_cents > 0", name="amount_cents_positive"),
        CheckConstraint("(state = 'requested') = (decided_on IS NULL)", name="decision_has_day"),
        CheckConstraint("kind <> 'extension' OR ends_on IS NOT NULL", name="extension_has_end"),
        CheckConstraint("kind <> 'reallocation' OR budget_version_id IS NOT NULL", name="reallocation_has_budget"),
    )

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id")
    kind: Mapped[AmendmentKind] = state_column(AmendmentKind)
    state: Mapped[AmendmentState] = state_column(AmendmentState)
    reason: Mapped[str] = text_column(NOTE_LENGTH)
    requested_on: Mapped[date] = mapped_column()
    decided_on: Mapped[date | None] = mapped_column()
    answer: Mapped[str] = text_column(NOTE_LENGTH, default="")
    ends_on: Mapped[date | None] = mapped_column()
    was_ends_on: Mapped[date] = mapped_column()
    amount_cents: Mapped[int | None] = cents_column(nullable=True)
    was_amount_cents: Mapped[int] = cents_column()
    # The budget it asks for; a draft until it is approved.
    budget_version_id: Mapped[int | None] = reference_column("budget_version.id", nullable=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class AmendmentDue(db.Model):
    """A new due date that an amendment asks for; `was_due_on` keeps the old one."""

    __tablename__ = "amendment_due"
    __table_args__ = (UniqueConstraint("amendment_id", "obligation_id"),)

    id: Mapped[int] = id_column()
    amendment_id: Mapped[int] = reference_column("amendment.id", index=False)
    obligation_id: Mapped[int] = reference_column("obligation.id")
    due_on: Mapped[date] = mapped_column()
    was_due_on: Mapped[date] = mapped_column()


class AmendmentMove(Move, db.Model):
    __tablename__ = "amendment_move"

    amendment_id: Mapped[int] = reference_column("amendment.id")
