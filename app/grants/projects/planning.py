"""Write a cover plan, and tie budget lines to it. Inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid, Refused
from app.base.money import MAX_CENTS
from app.base.states import N_
from app.extensions import db
from app.grants.budgets.models import BudgetLine, Category
from app.grants.expenses.models import Expense, ExpenseShare
from app.grants.projects import plan as plans
from app.grants.projects.models import (
    CostKind,
    Project,
    ProjectBudgetLine,
    ProjectCover,
    ProjectLine,
    ProjectSource,
)
from app.grants.projects.plan import Line, Part, Plan, Source, cost_of_hours, share_of
from app.grants.rows import check_version, locked, locked_all

MOST_LINES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlan:
    """A line as it was typed: an amount, hours and a rate, or a percentage of the direct costs.

    `line_id` names the line it continues; `cells` what each source pays, by source id.
    """

    name: str
    category: Category
    cents: int | None = None
    hours_hundredths: int | None = None
    rate_cents: int | None = None
    percent_bp: int | None = None
    line_id: int | None = None
    cells: Mapping[int, Part] = field(default_factory=dict)

    @property
    def kind(self) -> CostKind:
        if self.percent_bp is not None:
            return CostKind.PERCENT
        return CostKind.HOURS if self.hours_hundredths is not None else CostKind.AMOUNT


def save(project_id: int, lines: Sequence[LinePlan], *, version: int | None, actor: Actor, now: datetime) -> None:
    """Write the whole plan. That it does not add up is shown on its page; only what cannot be read is refused."""
    row = locked(Project, project_id)
    check_version(row.version, version)
    if len(lines) > MOST_LINES:
        raise Invalid(N_("A plan can have at most %(most)s lines."), most=MOST_LINES)
    costs = _costs(lines)
    kept = {each.id: each for each in _lines(row.id)}
    sources = set(db.session.execute(select(ProjectSource.id).where(ProjectSource.project_id == row.id)).scalars())
    ids: list[int] = []
    for place, (plan, cents) in enumerate(zip(lines, costs, strict=True)):
        line = kept.pop(plan.line_id, None) if plan.line_id else None
        if line is None:
            line = ProjectLine(project_id=row.id, created_at=now)
            db.session.add(line)
        line.position, line.name, line.category, line.kind = place, plan.name.strip(), plan.category, plan.kind
        line.hours_hundredths, line.rate_cents = plan.hours_hundredths, plan.rate_cents
        line.percent_bp, line.cents = plan.percent_bp, cents
        db.session.flush()
        ids.append(line.id)
    _remove(kept)
    db.session.execute(delete(ProjectCover).where(ProjectCover.project_line_id.in_(ids)))
    for line_id, plan in zip(ids, lines, strict=True):
        for source_id, part in plan.cells.items():
            if source_id in sources and (part.cents or part.share_bp):
                made = ProjectCover(project_line_id=line_id, source_id=source_id, share_bp=part.share_bp)
                made.cents = part.cents if part.share_bp is None else None
                db.session.add(made)
    row.version += 1
    db.session.flush()
    told = {"lines": len(lines), "total_cents": sum(costs)}
    audit.record("project.plan_saved", ("project", row.id), actor=actor, now=now, changes=told)


def tried(lines: Sequence[LinePlan], sources: Sequence[Source]) -> Plan:
    """The sums of lines as they are being typed, the n-th line with id n. Nothing is refused and nothing stored:
    what cannot be counted yet counts as nothing."""
    costs = [
        cost_of_hours(each.hours_hundredths, each.rate_cents or 0) if each.hours_hundredths else each.cents or 0
        for each in lines
    ]
    direct = sum(cents for cents, each in zip(costs, lines, strict=True) if each.category is not Category.OVERHEAD)
    made = [
        Line(
            place, each.name, each.category,
            cents if each.percent_bp is None else share_of(direct, each.percent_bp),
            each.hours_hundredths, each.rate_cents, each.percent_bp,
        )
        for place, (cents, each) in enumerate(zip(costs, lines, strict=True))
    ]  # fmt: skip
    parts = {(place, source): part for place, each in enumerate(lines) for source, part in each.cells.items()}
    return plans.make(sources, made, parts)


def _costs(lines: Sequence[LinePlan]) -> list[int]:
    """What each line costs; overhead as a percentage goes over all lines that are no overhead."""
    costs: list[int] = []
    for place, plan in enumerate(lines):
        if not plan.name.strip():
            raise Invalid(N_("Please fill this in, or empty the row."), field=f"lines-{place}-name")
        if plan.kind is CostKind.HOURS:
            if plan.rate_cents is None:
                raise Invalid(N_("Hours go with a rate."), field=f"lines-{place}-rate")
            costs.append(cost_of_hours(plan.hours_hundredths or 0, plan.rate_cents))
        elif plan.kind is CostKind.PERCENT:
            if plan.category is not Category.OVERHEAD:
                raise Invalid(N_("A percentage is for lines of the category overhead."), field=f"lines-{place}-percent")
            costs.append(0)
        elif plan.cents is None:
            said = N_("Fill in an amount, hours and a rate, or a percentage.")
            raise Invalid(said, field=f"lines-{place}-{'hours' if plan.rate_cents is not None else 'amount'}")
        else:
            costs.append(plan.cents)
    direct = sum(c for c, plan in zip(costs, lines, strict=True) if plan.category is not Category.OVERHEAD)
    costs = [
        cents if plan.percent_bp is None else share_of(direct, plan.percent_bp)
        for cents, plan in zip(costs, lines, strict=True)
    ]
    for place, cents in enumerate(costs):
        if cents > MAX_CENTS:
            raise Invalid(N_("This amount is too large."), field=f"lines-{place}-amount")
    return costs


def _lines(project_id: int) -> Sequence[ProjectLine]:
    return db.session.execute(select(ProjectLine).where(ProjectLine.project_id == project_id)).scalars().all()


def _remove(lines: Mapping[int, ProjectLine]) -> None:
    """Lines that left the plan, with their cover; not one on which money was spent."""
    tied = select(ProjectBudgetLine.budget_line_id, ProjectBudgetLine.project_line_id)
    known = dict(db.session.execute(tied.where(ProjectBudgetLine.project_line_id.in_(lines))).all())
    for table in (Expense, ExpenseShare):
        used = select(table.budget_line_id).where(table.budget_line_id.in_(known)).limit(1)
        if (budget_line := db.session.execute(used).scalar()) is not None:
            said = N_("Money was spent of “%(line)s”: keep the line, if need be with 0.")
            raise Refused(said, line=lines[known[budget_line]].name)
    db.session.execute(delete(ProjectBudgetLine).where(ProjectBudgetLine.project_line_id.in_(lines)))
    db.session.execute(delete(ProjectCover).where(ProjectCover.project_line_id.in_(lines)))
    for line in lines.values():
        db.session.delete(line)
    db.session.flush()


def tie(project_id: int, chosen: Mapping[int, int | None], *, version: int | None, actor: Actor, now: datetime) -> None:
    """Costs on these budget lines belong to these lines of the project (None: to none of it).

    A budget line belongs to one project at the most, so that no cost is shown twice.
    """
    row = locked(Project, project_id)
    check_version(row.version, version)
    mine = {each.id for each in _lines(row.id)}
    grants = select(ProjectSource.grant_id).where(ProjectSource.project_id == row.id)
    allowed = set(db.session.execute(select(BudgetLine.id).where(BudgetLine.grant_id.in_(grants))).scalars())
    locked_all(BudgetLine, chosen)  # two projects that reach for one line come one after another
    tied = select(ProjectBudgetLine).where(ProjectBudgetLine.budget_line_id.in_(chosen))
    known = {each.budget_line_id: each for each in db.session.execute(tied).scalars()}
    for budget_line_id, line_id in chosen.items():
        if budget_line_id not in allowed or (line_id is not None and line_id not in mine):
            raise Invalid(N_("Please choose one of the options."), field=f"tie-{budget_line_id}")
        there = known.get(budget_line_id)
        if there is not None and there.project_line_id not in mine:
            if line_id is not None:
                said = N_("This budget line belongs to another project already.")
                raise Invalid(said, field=f"tie-{budget_line_id}")
        elif there is not None and line_id is None:
            db.session.delete(there)
        elif there is not None:
            change = update(ProjectBudgetLine).where(ProjectBudgetLine.id == there.id)
            db.session.execute(change.values(project_line_id=line_id))
        elif line_id is not None:
            db.session.add(ProjectBudgetLine(project_line_id=line_id, budget_line_id=budget_line_id))
    row.version += 1
    db.session.flush()
    told = {"budget_lines": sum(line is not None for line in chosen.values())}
    audit.record("project.tied", ("project", row.id), actor=actor, now=now, changes=told)
