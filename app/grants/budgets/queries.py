"""Read budgets: the version in force, and what was spent of each line. Set-based."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Integer, Select, Subquery, cast, func, null, select, union_all

from app.base.columns import Big
from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import RUNNING, Grant
from app.grants.budgets.models import Amendment, AmendmentDue, BudgetRow, BudgetState, BudgetVersion
from app.grants.expenses.models import Expense, ExpenseShare
from app.grants.expenses.queries import WITHIN_PERIOD
from app.grants.funders.models import Funder
from app.grants.obligations.models import TO_DELIVER, Obligation
from app.grants.rows import cents_sum
from app.supporters.models import Supporter


@dataclass(frozen=True, slots=True)
class BudgetLineView:
    """A line of a budget and what was spent of it. `id` is the same in every version."""

    id: int
    position: int
    code: str | None
    name: str
    category: str
    approved_cents: int
    revised_cents: int
    spent_cents: int
    tolerance_percent: Decimal | None
    partner_id: int | None = None

    @property
    def left_cents(self) -> int:
        return self.revised_cents - self.spent_cents

    @property
    def room_cents(self) -> int:
        """What may be spent at most: the revised amount and the tolerance on what was approved."""
        return self.revised_cents + int(self.approved_cents * (self.tolerance_percent or 0) / 100)

    @property
    def warning(self) -> str:
        """`over`: more than the tolerance allows; `tolerance`: over the line, within tolerance; or nothing."""
        if self.spent_cents > self.room_cents:
            return "over"
        return "tolerance" if self.spent_cents > self.revised_cents else ""


def in_force(grant_id: int) -> BudgetVersion | None:
    return _one(grant_id, BudgetState.IN_FORCE)


def draft(grant_id: int) -> BudgetVersion | None:
    return _one(grant_id, BudgetState.DRAFT)


def _one(grant_id: int, state: BudgetState) -> BudgetVersion | None:
    chosen = select(BudgetVersion).where(BudgetVersion.grant_id == grant_id, BudgetVersion.state == state)
    return db.session.execute(chosen).scalar_one_or_none()


def versions(grant_id: int) -> list[BudgetVersion]:
    """All versions, newest first."""
    chosen = select(BudgetVersion).where(BudgetVersion.grant_id == grant_id).order_by(BudgetVersion.number.desc())
    return list(db.session.execute(chosen).scalars())


def version(version_id: int) -> BudgetVersion:
    row = db.session.get(BudgetVersion, version_id)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row


def charged(grant_ids: Sequence[int] | Select[tuple[int]]) -> Subquery:
    """Everything charged to these grants within their periods: own expenses and shares of costs that others carry.

    Columns: grant_id, budget_line_id, partner_id, spent_on, cents. The partner of a shared cost is
    the first grant's business, so it counts as our own here.
    """
    own = (
        select(Expense.grant_id, Expense.budget_line_id, Expense.partner_id, Expense.spent_on, Expense.cents)
        .join(Grant, Grant.id == Expense.grant_id)
        .where(Expense.grant_id.in_(grant_ids), WITHIN_PERIOD)
    )
    shared = (
        select(
            ExpenseShare.grant_id,
            ExpenseShare.budget_line_id,
            cast(null(), Big).label("partner_id"),
            Expense.spent_on,
            ExpenseShare.cents,
        )
        .join(Expense, Expense.id == ExpenseShare.expense_id)
        .join(Grant, Grant.id == ExpenseShare.grant_id)
        .where(ExpenseShare.grant_id.in_(grant_ids), WITHIN_PERIOD)
    )
    return union_all(own, shared).subquery("charged")


def _spent_by(grant_id: int, column: str, until: date | None = None) -> dict[int | None, int]:
    both = charged([grant_id])
    chosen = select(both.c[column], cents_sum(both.c.cents)).group_by(both.c[column])
    if until is not None:
        chosen = chosen.where(both.c.spent_on <= until)
    return {key: int(cents) for key, cents in db.session.execute(chosen)}


def spent_by_line(grant_id: int, until: date | None = None) -> dict[int | None, int]:
    """Cents by line, spent until this day if one is given; None: not mapped to a line yet."""
    return _spent_by(grant_id, "budget_line_id", until)


def spent_by_partner(grant_id: int) -> dict[int | None, int]:
    """Cents by partner; None: spent by ourselves."""
    return _spent_by(grant_id, "partner_id")


def rows_of(version_id: int) -> list[BudgetRow]:
    chosen = select(BudgetRow).where(BudgetRow.budget_version_id == version_id)
    return list(db.session.execute(chosen.order_by(BudgetRow.position, BudgetRow.id)).scalars())


def views(rows: Sequence[BudgetRow], spent: dict[int | None, int]) -> list[BudgetLineView]:
    return [
        BudgetLineView(
            id=row.budget_line_id,
            position=row.position,
            code=row.code or None,
            name=row.name,
            category=row.category.value,
            approved_cents=row.approved_cents,
            revised_cents=row.revised_cents,
            spent_cents=spent.get(row.budget_line_id, 0),
            tolerance_percent=None if row.tolerance_bp is None else Decimal(row.tolerance_bp) / 100,
            partner_id=row.partner_id,
        )
        for row in rows
    ]


def lines(grant_id: int) -> list[BudgetLineView]:
    """The lines of the budget in force, with what was spent; [] when the grant has no budget."""
    current = in_force(grant_id)
    return views(rows_of(current.id), spent_by_line(grant_id)) if current else []


def spent_by_month(grant_id: int) -> dict[date, int]:
    """Cents by the month in which they were spent (its first day)."""
    both = charged([grant_id])
    year, month = (cast(func.extract(part, both.c.spent_on), Integer) for part in ("year", "month"))
    chosen = select(year, month, cents_sum(both.c.cents)).group_by(year, month)
    return {date(y, m, 1): int(cents) for y, m, cents in db.session.execute(chosen)}


def amendments(grant_id: int) -> list[Amendment]:
    """Changes asked of the funder, newest first."""
    chosen = select(Amendment).where(Amendment.grant_id == grant_id)
    return list(db.session.execute(chosen.order_by(Amendment.requested_on.desc(), Amendment.id.desc())).scalars())


def amendment(amendment_id: int) -> Amendment:
    row = db.session.get(Amendment, amendment_id)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row


def dues_of(amendment_id: int) -> list[tuple[AmendmentDue, Obligation]]:
    """New dates an amendment asks for, with their obligations."""
    chosen = (
        select(AmendmentDue, Obligation)
        .join(Obligation, Obligation.id == AmendmentDue.obligation_id)
        .where(AmendmentDue.amendment_id == amendment_id)
        .order_by(AmendmentDue.due_on)
    )
    return [(due, duty) for due, duty in db.session.execute(chosen)]


def movable(grant_id: int) -> list[Obligation]:
    """What is still to be delivered, by date: its dates can be moved by an amendment."""
    chosen = select(Obligation).where(Obligation.grant_id == grant_id, Obligation.state.in_(TO_DELIVER))
    return list(db.session.execute(chosen.order_by(Obligation.due_on, Obligation.id)).scalars())


@dataclass(frozen=True, slots=True)
class Spending:
    """A running grant with its budget and what was spent of it. Cents."""

    grant_id: int
    title: str
    funder: str
    programme_id: int | None
    starts_on: date
    ends_on: date
    budget_cents: int
    spent_cents: int


def spending(limit: int = 500) -> list[Spending]:
    """Running grants that have a budget, with what was spent. One statement; the first to end first."""
    budget = (
        select(BudgetVersion.grant_id, cents_sum(BudgetRow.revised_cents).label("cents"))
        .join(BudgetRow, BudgetRow.budget_version_id == BudgetVersion.id)
        .where(BudgetVersion.state == BudgetState.IN_FORCE)
        .group_by(BudgetVersion.grant_id)
        .subquery("budget")
    )
    own = select(cents_sum(Expense.cents)).where(Expense.grant_id == Grant.id, WITHIN_PERIOD)
    shared = (
        select(cents_sum(ExpenseShare.cents))
        .join(Expense, Expense.id == ExpenseShare.expense_id)
        .where(ExpenseShare.grant_id == Grant.id, WITHIN_PERIOD)
    )
    chosen = (
        select(
            Grant.id,
            Grant.title,
            Supporter.display_name,
            Grant.programme_id,
            Grant.starts_on,
            Grant.ends_on,
            budget.c.cents,
            own.correlate(Grant).scalar_subquery() + shared.correlate(Grant).scalar_subquery(),
        )
        .join(budget, budget.c.grant_id == Grant.id)
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(Grant.state.in_(RUNNING))
        .order_by(Grant.ends_on, Grant.id)
        .limit(limit)
    )
    return [Spending(*row) for row in db.session.execute(chosen)]
