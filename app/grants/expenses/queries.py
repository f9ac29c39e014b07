"""Read the expenses of a grant: its own, and what it pays of costs that are charged to other grants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, not_, or_, select, union_all

from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.expenses.models import Expense, ExpenseShare
from app.grants.rows import cents_sum

_EXPORTED = 1000  # rows at a time

# In a statement about costs and the grant that pays them: the day lies in the grant's period. What does not is no
# cost of the funder's: it is listed, and counts nowhere. Said this way round SQLite sums from `ix_expense_sums` alone;
# a range sends it to another index and to every row (200,000 costs: 25 ms against 214).
WITHIN_PERIOD: ColumnElement[bool] = not_(or_(Expense.spent_on < Grant.starts_on, Expense.spent_on > Grant.ends_on))


@dataclass(frozen=True, slots=True)
class Columns:
    """Of the row for one grant: what it pays (cents), on which of its lines, and for which of its partners."""

    cents: ColumnElement[int]
    line_id: ColumnElement[int | None]
    partner_id: ColumnElement[int | None]


@dataclass(frozen=True, slots=True)
class Payer:
    """A grant that pays a part of a cost, in cents."""

    grant_id: int
    title: str
    cents: int


@dataclass(frozen=True, slots=True)
class Line:
    """An expense as the list of a grant shows it; `own` says it is charged to this grant itself."""

    id: int
    spent_on: date
    description: str
    voucher: str
    ledger_account: str
    cost_centre: str
    full_cents: int
    cents: int
    line_id: int | None
    own: bool


def columns(grant_id: int) -> Columns:
    own = Expense.grant_id == grant_id
    return Columns(
        cents=case((own, Expense.cents), else_=ExpenseShare.cents),
        line_id=case((own, Expense.budget_line_id), else_=ExpenseShare.budget_line_id),
        # The partner of a shared cost is the other grant's business.
        partner_id=case((own, Expense.partner_id)),
    )


def listing(grant_id: int) -> Select[*tuple[Any, ...]]:
    """All a grant pays, for filtering and paging; rows fit `line_of`."""
    own = select(Expense.id).where(Expense.grant_id == grant_id)
    shared = select(ExpenseShare.expense_id).where(ExpenseShare.grant_id == grant_id)
    its = columns(grant_id)
    return (
        select(
            Expense.id, Expense.spent_on, Expense.description, Expense.voucher, Expense.ledger_account,
            Expense.cost_centre, Expense.full_cents, its.cents, its.line_id, Expense.grant_id == grant_id,
        )
        .outerjoin(ExpenseShare, and_(ExpenseShare.expense_id == Expense.id, ExpenseShare.grant_id == grant_id))
        .where(Expense.id.in_(union_all(own, shared)))
    )  # fmt: skip


def outside(wanted: Select[*tuple[Any, ...]], grant_id: int) -> Select[*tuple[Any, ...]]:
    """Of what `listing` finds, the costs of days outside the period of the grant."""
    return wanted.join(Grant, Grant.id == grant_id).where(not_(WITHIN_PERIOD))


def outside_cents(grant_id: int) -> int:
    """What the costs that are charged to this grant and lie outside its period come to."""
    total = outside(listing(grant_id), grant_id).with_only_columns(cents_sum(columns(grant_id).cents))
    return int(db.session.execute(total).scalar_one())


def line_of(row: Sequence[Any]) -> Line:
    return Line(*tuple(row)[:10])


def exported(grant_id: int, wanted: Select[*tuple[Any, ...]]) -> Iterator[tuple[Line, int | None]]:
    """What `listing` (narrowed) finds, newest first, with the partner of each; some in memory at a time."""
    found = wanted.add_columns(columns(grant_id).partner_id).order_by(Expense.spent_on.desc(), Expense.id.desc())
    for row in db.session.execute(found.execution_options(yield_per=_EXPORTED)):
        yield line_of(row), row[-1]


def payers(expense_ids: Iterable[int], but: int) -> dict[int, list[Payer]]:
    """The other grants that pay these costs, the one a cost is charged to first."""
    ids = list(expense_ids)
    first = select(Expense.id, Grant.id, Grant.title, Expense.cents).join(Grant, Grant.id == Expense.grant_id)
    others = select(ExpenseShare.expense_id, Grant.id, Grant.title, ExpenseShare.cents).join(
        Grant, Grant.id == ExpenseShare.grant_id
    )
    found: dict[int, list[Payer]] = defaultdict(list)
    for chosen in (first.where(Expense.id.in_(ids)), others.where(ExpenseShare.expense_id.in_(ids))):
        rows: Any = db.session.execute(chosen.where(Grant.id != but).order_by(Grant.title, Grant.id))
        for expense_id, grant_id, title, cents in rows:
            if cents:
                found[expense_id].append(Payer(grant_id, title, cents))
    return found


def matches(text: str) -> ColumnElement[bool]:
    texts = (Expense.description, Expense.voucher, Expense.ledger_account, Expense.cost_centre)
    return or_(*(column.icontains(text, autoescape=True) for column in texts))
