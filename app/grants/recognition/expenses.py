"""The costs that expenses record: what each grant pays of them, by day."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import func, select, union_all

from app.extensions import db
from app.grants.expenses.models import Expense, ExpenseShare
from app.grants.recognition.sources import Cost


def spent(grant_ids: Collection[int]) -> Iterable[Cost]:
    """(grant, day, cents), the shares of costs that were entered with another grant included."""
    ids = list(grant_ids)
    own = select(Expense.grant_id, Expense.spent_on, Expense.cents).where(Expense.grant_id.in_(ids))
    shared = (
        select(ExpenseShare.grant_id, Expense.spent_on, ExpenseShare.cents)
        .join(Expense, Expense.id == ExpenseShare.expense_id)
        .where(ExpenseShare.grant_id.in_(ids))
    )
    every = union_all(own, shared).subquery()
    summed = select(every.c.grant_id, every.c.spent_on, func.sum(every.c.cents))
    for grant_id, day, cents in db.session.execute(summed.group_by(every.c.grant_id, every.c.spent_on)):
        yield grant_id, day, int(cents)
