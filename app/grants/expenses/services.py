"""Enter expenses by hand, map them to lines, share them between grants. Inside `with writing():`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import insert_new
from app.grants.awards.models import Grant
from app.grants.budgets.models import BudgetLine
from app.grants.expenses.models import Expense, ExpenseRule, ExpenseShare
from app.grants.partners.models import GrantPartner
from app.grants.rows import check_version, locked, locked_all


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseFacts:
    """What a receipt says. Cents; `full_cents` is the whole cost where the grant pays a part."""

    spent_on: date
    cents: int
    full_cents: int | None = None
    description: str = ""
    budget_line_id: int | None = None
    partner_id: int | None = None
    ledger_account: str = ""
    cost_centre: str = ""
    voucher: str = ""


def enter(grant_id: int, facts: ExpenseFacts, *, form_key: str, actor: Actor, now: datetime) -> int:
    """An expense by hand; the same form sent again is the same expense. Gives its id."""
    grant = locked(Grant, grant_id)
    key = f"form:{form_key}"
    known = db.session.execute(select(Expense.id).where(Expense.source_key == key)).scalar()
    if known is not None:
        return known
    _check(grant, facts, now)
    row = Expense(
        grant_id=grant.id, source_key=key, entered_by_id=actor.id, created_at=now, version=1, elsewhere_cents=0
    )
    _write(row, facts)
    db.session.add(row)
    db.session.flush()
    told = {"expense": row.id, "amount_cents": row.cents, "spent_on": row.spent_on.isoformat()}
    audit.record("expense.entered", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    return row.id


def change(expense_id: int, facts: ExpenseFacts, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Correct an expense. Of an imported one the amount and the day are the accounts' business."""
    row, grants = _locked_with_grants(expense_id)
    check_version(row.version, version)
    _check(grants[row.grant_id], facts, now)
    full = facts.cents if facts.full_cents is None else facts.full_cents
    if row.import_id is not None and (full, facts.spent_on) != (row.full_cents, row.spent_on):
        raise Refused(N_("This came from the accounts: its amount and day stay. Not of this grant? Let it pay 0."))
    _at_most_all(facts.cents, row.elsewhere_cents, full)
    _write(row, facts)
    if changes := audit.changes_of(row):
        row.version += 1
        db.session.flush()
        told = {"expense": row.id} | {name: pair for name, pair in changes.items() if name != "spent_on"}
        audit.record("expense.changed", ("grant_award", row.grant_id), actor=actor, now=now, changes=told)


def share(
    expense_id: int, grant_id: int, cents: int, *, budget_line_id: int | None = None, actor: Actor, now: datetime
) -> bool:
    """Another grant pays so much of a cost (0: nothing any more). The funders together never pay more than all.
    Gives whether that changed anything."""
    row, grants = _locked_with_grants(expense_id, grant_id)
    grant = grants[grant_id]
    if grant.id == row.grant_id:
        raise Invalid(N_("This is the grant it is charged to already."), field="grant_id")
    if cents < 0:
        raise Invalid(N_("The amount cannot be less than nothing."), field="amount")
    _of_grant(BudgetLine, budget_line_id, grant.id, "budget_line_id")
    signed = cents if row.full_cents > 0 else -cents
    mine = select(ExpenseShare).where(ExpenseShare.expense_id == row.id, ExpenseShare.grant_id == grant.id)
    part = db.session.execute(mine.with_for_update()).scalar_one_or_none()
    before = part.cents if part else 0
    if signed == before and (part is None or part.budget_line_id == budget_line_id):
        return False
    _at_most_all(row.cents, row.elsewhere_cents - before + signed, row.full_cents)
    row.elsewhere_cents += signed - before
    row.version += 1
    if part is not None and not signed:
        db.session.delete(part)
    elif part is not None:
        part.cents, part.budget_line_id = signed, budget_line_id
    elif signed:
        made = ExpenseShare(expense_id=row.id, grant_id=grant.id, cents=signed, created_at=now)
        made.budget_line_id = budget_line_id
        db.session.add(made)
    db.session.flush()
    told = {"expense": row.id, "amount_cents": signed}
    audit.record("expense.shared", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    return True


def map_to_line(
    grant_id: int, ledger_account: str, cost_centre: str, budget_line_id: int, *, actor: Actor, now: datetime
) -> int:
    """Costs of this account and cost centre belong to this line, now and from now on. Gives how many were waiting."""
    grant = locked(Grant, grant_id)
    _of_grant(BudgetLine, budget_line_id, grant.id, "budget_line_id")
    if not ledger_account and not cost_centre:
        raise Invalid(N_("Without an account or cost centre there is nothing to go by: map these one by one."))
    values = {"grant_id": grant.id, "ledger_account": ledger_account, "cost_centre": cost_centre}
    db.session.execute(
        insert_new(ExpenseRule).values(id=new_id(), budget_line_id=budget_line_id, created_at=now, **values)
    )
    same = [ExpenseRule.__table__.c[name] == value for name, value in values.items()]
    db.session.execute(update(ExpenseRule).where(*same).values(budget_line_id=budget_line_id))
    waiting = update(Expense).where(Expense.grant_id == grant.id, Expense.budget_line_id.is_(None))
    if ledger_account:
        waiting = waiting.where(Expense.ledger_account == ledger_account)
    if cost_centre:
        waiting = waiting.where(Expense.cost_centre == cost_centre)
    found = db.session.execute(waiting.values(budget_line_id=budget_line_id).returning(Expense.id))
    count = len(found.all())
    told = {"account": ledger_account, "cost_centre": cost_centre, "expenses": count}
    audit.record("expense.mapped", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    return count


def map_one(
    expense_id: int,
    budget_line_id: int | None,
    *,
    by_account: bool = False,
    by_centre: bool = False,
    version: int | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Put one expense on a line (None: on none any more); with `by_account` or `by_centre` whatever has the
    same account or cost centre follows it, now and from now on. Gives how many others came along."""
    row, _grants = _locked_with_grants(expense_id)
    check_version(row.version, version)
    _of_grant(BudgetLine, budget_line_id, row.grant_id, "budget_line_id")
    account, centre = row.ledger_account if by_account else "", row.cost_centre if by_centre else ""
    if (by_account and not account) or (by_centre and not centre):
        raise Invalid(N_("This expense has no such number to go by."), field="rule")
    if (account or centre) and budget_line_id is None:
        raise Invalid(N_("Please choose one of the options."), field="budget_line_id")
    row.budget_line_id = budget_line_id
    if changes := audit.changes_of(row):
        row.version += 1
        db.session.flush()
        told = {"expense": row.id} | changes
        audit.record("expense.changed", ("grant_award", row.grant_id), actor=actor, now=now, changes=told)
    if not (account or centre) or budget_line_id is None:
        return 0
    return map_to_line(row.grant_id, account, centre, budget_line_id, actor=actor, now=now)


def rules(grant_id: int) -> dict[tuple[str, str], int]:
    """(account, cost centre) → line; an empty text stands for any."""
    chosen = select(ExpenseRule.ledger_account, ExpenseRule.cost_centre, ExpenseRule.budget_line_id)
    return {(a, c): line for a, c, line in db.session.execute(chosen.where(ExpenseRule.grant_id == grant_id))}


def line_for(known: dict[tuple[str, str], int], account: str, centre: str) -> int | None:
    """The line of a cost: the rule for both first, then for the account, then for the cost centre."""
    for key in ((account, centre), (account, ""), ("", centre)):
        if key != ("", "") and key in known:
            return known[key]
    return None


def _locked_with_grants(expense_id: int, *grant_ids: int) -> tuple[Expense, dict[int, Grant]]:
    """A cost, with its grant and these others, held: grants first and in order of id, as whoever changes many
    costs of a grant holds them, so that two at once wait for each other instead of locking each other out."""
    own = db.session.execute(select(Expense.grant_id).where(Expense.id == expense_id)).scalar()
    if own is None:
        raise NotFound(N_("This is not here, or not any more."))
    grants = {grant.id: grant for grant in locked_all(Grant, (own, *grant_ids))}
    return locked(Expense, expense_id), grants


def _check(grant: Grant, facts: ExpenseFacts, now: datetime) -> None:
    if facts.spent_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="spent_on")
    full = facts.cents if facts.full_cents is None else facts.full_cents
    if not full:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    if (facts.cents > 0) != (full > 0) and facts.cents or abs(facts.cents) > abs(full):
        raise Invalid(N_("This grant cannot pay more than the whole cost."), field="amount")
    _of_grant(BudgetLine, facts.budget_line_id, grant.id, "budget_line_id")
    _of_grant(GrantPartner, facts.partner_id, grant.id, "partner_id")


def _at_most_all(cents: int, elsewhere_cents: int, full_cents: int) -> None:
    """The one rule of claims: nobody pays against the sign of a cost, and all funders together at most all of it.

    The database holds it too (`at_most_all`); the cost's row is locked, so claims come one after another.
    """
    sign = 1 if full_cents > 0 else -1
    if sign * cents < 0 or sign * elsewhere_cents < 0 or sign * (cents + elsewhere_cents) > sign * full_cents:
        raise Invalid(N_("Together the funders would pay more than the whole cost."), field="amount")


def _of_grant(model: type[BudgetLine] | type[GrantPartner], row_id: int | None, grant_id: int, field: str) -> None:
    if row_id is not None:
        owner = select(model.grant_id).where(model.id == row_id)
        if db.session.execute(owner).scalar() != grant_id:
            raise Invalid(N_("Please choose one of the options."), field=field)


def _write(row: Expense, facts: ExpenseFacts) -> None:
    for name in ExpenseFacts.__dataclass_fields__:
        setattr(row, name, getattr(facts, name))
    row.full_cents = facts.cents if facts.full_cents is None else facts.full_cents
