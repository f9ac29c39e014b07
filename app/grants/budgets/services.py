"""Draft a budget and put it in force. Inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.budgets import queries
from app.grants.budgets.models import (
    BUDGET_MOVES,
    Amendment,
    BudgetLine,
    BudgetRow,
    BudgetState,
    BudgetVersion,
    Category,
)
from app.grants.partners.models import GrantPartner
from app.grants.rows import check_version, locked

MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlan:
    """A line as a draft has it; `line_id` names the line it continues, empty for a new one."""

    name: str
    category: Category
    cents: int
    code: str = ""
    tolerance_bp: int | None = None
    line_id: int | None = None
    partner_id: int | None = None  # whose line it is; empty: ours


def save_draft(
    grant_id: int,
    plans: Sequence[LinePlan],
    *,
    note: str = "",
    version: int | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Write the draft of a grant's budget, made from the one in force if there is none yet; gives its id."""
    grant = locked(Grant, grant_id)
    if not plans:
        raise Invalid(N_("A budget has at least one line."))
    if len(plans) > MOST_LINES:
        raise Invalid(N_("A budget can have at most %(most)s lines."), most=MOST_LINES)
    row = queries.draft(grant.id)
    check_version(row.version if row else 0, version)
    if row is None:
        last = select(func.coalesce(func.max(BudgetVersion.number), 0)).where(BudgetVersion.grant_id == grant.id)
        row = BudgetVersion(grant_id=grant.id, state=BudgetState.DRAFT, created_at=now, version=1)
        row.number = db.session.execute(last).scalar_one() + 1
        db.session.add(row)
    else:
        if _asked_for(row.id):
            raise Refused(N_("This budget lies with the funder: decide the change first."))
        row.version += 1
    row.note = note.strip()
    db.session.flush()
    _write_rows(grant.id, row, plans, now)
    told = {"number": row.number, "total_cents": sum(plan.cents for plan in plans), "lines": len(plans)}
    audit.record("budget.drafted", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    return row.id


def _write_rows(grant_id: int, row: BudgetVersion, plans: Sequence[LinePlan], now: datetime) -> None:
    current = queries.in_force(grant_id)
    before = {each.budget_line_id: each for each in queries.rows_of(current.id)} if current else {}
    mine = select(BudgetLine.id).where(BudgetLine.grant_id == grant_id)
    known = set(db.session.execute(mine).scalars())
    whose = set(db.session.execute(select(GrantPartner.id).where(GrantPartner.grant_id == grant_id)).scalars())
    seen: set[int] = set()
    fresh = []
    for place, plan in enumerate(plans):
        if not plan.name.strip():
            raise Invalid(N_("Please fill this in, or empty the row."), field=f"lines-{place}-name")
        if plan.cents < 0:
            raise Invalid(N_("The amount cannot be less than nothing."), field=f"lines-{place}-amount")
        if plan.line_id is not None and (plan.line_id not in known or plan.line_id in seen):
            raise Invalid(N_("Please choose one of the options."), field=f"lines-{place}-name")
        if plan.partner_id is not None and plan.partner_id not in whose:
            raise Invalid(N_("Please choose one of the options."), field=f"lines-{place}-partner_id")
        if plan.line_id is None:
            line = BudgetLine(grant_id=grant_id, created_at=now)
            db.session.add(line)
            db.session.flush()
        line_id = plan.line_id or line.id
        seen.add(line_id)
        old = before.get(line_id)
        fresh.append(
            BudgetRow(
                budget_version_id=row.id,
                budget_line_id=line_id,
                partner_id=plan.partner_id,
                position=place + 1,
                code=plan.code.strip(),
                name=plan.name.strip(),
                category=plan.category,
                # What the funder approved at first stays; in a first budget it is this.
                approved_cents=(old.approved_cents if old else 0) if current else plan.cents,
                revised_cents=plan.cents,
                tolerance_bp=plan.tolerance_bp,
            )
        )
    spent = queries.spent_by_line(grant_id)
    if lost := [each.name for key, each in before.items() if key not in seen and spent.get(key)]:
        raise Refused(N_("Money was spent of “%(line)s”: keep the line, if need be with 0."), line=lost[0])
    db.session.execute(delete(BudgetRow).where(BudgetRow.budget_version_id == row.id))
    db.session.add_all(fresh)
    db.session.flush()


def discard_draft(grant_id: int, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """Throw the draft away; the budget in force stays."""
    locked(Grant, grant_id)
    row = queries.draft(grant_id)
    if row is None:
        raise Refused(N_("There is no draft of a budget."))
    check_version(row.version, version)
    if _asked_for(row.id):
        raise Refused(N_("This budget lies with the funder: decide the change first."))
    db.session.execute(delete(BudgetRow).where(BudgetRow.budget_version_id == row.id))
    audit.record("budget.discarded", ("grant_award", grant_id), actor=actor, now=now, changes={"number": row.number})
    db.session.delete(row)


def put_in_force(grant_id: int, *, version: int | None = None, actor: Actor, now: datetime) -> int:
    """The draft becomes the budget. A first one always; a later one only while every shift stays
    within what the funder tolerates; beyond that it takes an approved amendment. Gives its id."""
    locked(Grant, grant_id)
    row = queries.draft(grant_id)
    if row is None:
        raise Refused(N_("There is no draft of a budget."))
    check_version(row.version, version)
    if _asked_for(row.id):
        raise Refused(N_("This budget lies with the funder: decide the change first."))
    if queries.in_force(grant_id) is not None and (reason := needs_approval(grant_id, row.id)):
        raise reason
    return enforce(row, on=local_date(now), actor=actor, now=now)


def needs_approval(grant_id: int, draft_id: int) -> Refused | None:
    """Why the funder must agree to this draft; None where the tolerance covers it."""
    current = queries.in_force(grant_id)
    before = {row.budget_line_id: row for row in queries.rows_of(current.id)} if current else {}
    after = {row.budget_line_id: row for row in queries.rows_of(draft_id)}
    if sum(row.revised_cents for row in before.values()) != sum(row.revised_cents for row in after.values()):
        return Refused(N_("The total changes: ask the funder with a change."))
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        base = old.approved_cents if old else 0
        now_cents = new.revised_cents if new else 0
        # What is tolerated was agreed in the budget in force; a draft cannot widen it for itself.
        room = base * ((old.tolerance_bp or 0) if old else 0) // 10_000
        if now_cents != (old.revised_cents if old else 0) and abs(now_cents - base) > room:
            shown = (new or old).name  # type: ignore[union-attr]
            return Refused(N_("“%(line)s” shifts further than the funder tolerates: ask with a change."), line=shown)
        if old and new and (new.tolerance_bp or 0) > (old.tolerance_bp or 0):
            return Refused(N_("More tolerance on “%(line)s” is for the funder to give."), line=new.name)
    return None


def enforce(row: BudgetVersion, *, on: date, actor: Actor, now: datetime) -> int:
    """Put a draft in force; the one before is superseded and kept."""
    BUDGET_MOVES.check(row.state, BudgetState.IN_FORCE)
    before = queries.in_force(row.grant_id)
    if before is not None:
        before.state = BudgetState.SUPERSEDED
        before.version += 1
        db.session.flush()
    row.state, row.in_force_on = BudgetState.IN_FORCE, on
    row.version += 1
    db.session.flush()
    told = {"number": row.number}
    audit.record("budget.in_force", ("grant_award", row.grant_id), actor=actor, now=now, changes=told)
    return row.id


def _asked_for(version_id: int) -> bool:
    asked = select(Amendment.id).where(Amendment.budget_version_id == version_id, Amendment.decided_on.is_(None))
    return db.session.execute(asked.limit(1)).first() is not None
