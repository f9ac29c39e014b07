"""Read projects: lists, one, the cover plans of several at once, and what was really spent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.expenses.models import Expense, ExpenseShare
from app.grants.funders.models import Funder
from app.grants.projects import plan as plans
from app.grants.projects.models import (
    CoverRule,
    Project,
    ProjectBudgetLine,
    ProjectCover,
    ProjectLine,
    ProjectSource,
    ProjectState,
)
from app.grants.projects.plan import Line, Part, Plan, Rule, Source
from app.grants.rows import cents_sum
from app.staff.models import Staff
from app.supporters.models import Supporter


@dataclass(frozen=True, slots=True)
class Listed:
    """A project as lists show it."""

    id: int
    name: str
    state: ProjectState
    starts_on: date
    ends_on: date
    programme_id: int | None
    lead: str | None


_lead = aliased(Staff)


def listing() -> Select[*tuple[Any, ...]]:
    """All projects, for filtering and paging; rows fit `listed`."""
    columns = (Project.id, Project.name, Project.state, Project.starts_on, Project.ends_on, Project.programme_id)
    return select(*columns, _lead.name).outerjoin(_lead, _lead.id == Project.lead_id)


def listed(row: Sequence[Any]) -> Listed:
    return Listed(*tuple(row)[:7])


def matches(text: str) -> ColumnElement[bool]:
    """The project, one of its grants or a partner in its plan bears this text."""
    source = select(ProjectSource.id).outerjoin(Grant, Grant.id == ProjectSource.grant_id)
    named = or_(Grant.title.icontains(text, autoescape=True), ProjectSource.name.icontains(text, autoescape=True))
    found = exists(source.where(ProjectSource.project_id == Project.id, named).correlate(Project))
    return or_(Project.name.icontains(text, autoescape=True), found)


def one(project_id: int) -> tuple[Project, Listed]:
    """The row and its names, or NotFound."""
    found = db.session.execute(listing().where(Project.id == project_id)).first()
    row = db.session.get(Project, project_id)
    if found is None or row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row, listed(found)


def of_grant(grant_id: int, limit: int = 20) -> list[Listed]:
    """The projects a grant is a source of."""
    mine = select(ProjectSource.project_id).where(ProjectSource.grant_id == grant_id)
    return _some(Project.id.in_(mine), limit)


def of_programme(programme_id: int, limit: int = 20) -> list[Listed]:
    return _some(Project.programme_id == programme_id, limit)


def _some(condition: ColumnElement[bool], limit: int) -> list[Listed]:
    chosen = listing().where(condition).order_by(Project.ends_on.desc(), Project.id).limit(limit)
    return [listed(row) for row in db.session.execute(chosen)]


def plan(project_id: int) -> Plan:
    """The cover plan of a project, which knows what other projects plan of the same grants."""
    grants = select(ProjectSource.grant_id).where(
        ProjectSource.project_id == project_id, ProjectSource.grant_id.is_not(None)
    )
    elsewhere = promised(filter(None, db.session.execute(grants).scalars()), but=project_id)
    return plans_of([project_id], elsewhere)[project_id]


def plans_of(project_ids: Iterable[int], elsewhere: Mapping[int, int] | None = None) -> dict[int, Plan]:
    """The cover plans of these projects: three statements, however many there are."""
    ids = sorted(set(project_ids))
    lines: dict[int, list[Line]] = defaultdict(list)
    chosen = select(ProjectLine).where(ProjectLine.project_id.in_(ids))
    for row in db.session.execute(chosen.order_by(ProjectLine.position, ProjectLine.id)).scalars():
        made = Line(row.id, row.name, row.category, row.cents, row.hours_hundredths, row.rate_cents, row.percent_bp)
        lines[row.project_id].append(made)
    parts: dict[int, dict[tuple[int, int], Part]] = defaultdict(dict)
    for project_id, line_id, source_id, cents, share in _parts(ProjectLine.project_id.in_(ids)):
        parts[project_id][line_id, source_id] = Part(cents, share)
    sources = _sources(ids, elsewhere or {})
    return {each: plans.make(sources.get(each, []), lines[each], parts[each]) for each in ids}


def _parts(condition: ColumnElement[bool]) -> Sequence[Any]:
    columns = (ProjectCover.project_line_id, ProjectCover.source_id, ProjectCover.cents, ProjectCover.share_bp)
    chosen = select(ProjectLine.project_id, *columns).join(ProjectLine, ProjectLine.id == ProjectCover.project_line_id)
    return db.session.execute(chosen.where(condition)).all()


def parts_of(project_id: int) -> dict[tuple[int, int], Part]:
    """What was typed in the plan, by (line id, source id)."""
    return {(row[1], row[2]): Part(row[3], row[4]) for row in _parts(ProjectLine.project_id == project_id)}


def _sources(project_ids: list[int], elsewhere: Mapping[int, int]) -> dict[int, list[Source]]:
    chosen = (
        select(ProjectSource, Grant, Supporter.display_name, CoverRule)
        .outerjoin(Grant, Grant.id == ProjectSource.grant_id)
        .outerjoin(Funder, Funder.id == Grant.funder_id)
        .outerjoin(Supporter, Supporter.id == Funder.supporter_id)
        .outerjoin(CoverRule, CoverRule.grant_id == Grant.id)
        .where(ProjectSource.project_id.in_(project_ids))
        .order_by(ProjectSource.position, ProjectSource.id)
    )
    found: dict[int, list[Source]] = defaultdict(list)
    for row, grant, funder, rule in db.session.execute(chosen):
        found[row.project_id].append(
            Source(
                id=row.id,
                kind=row.kind,
                name=f"{funder}: {grant.title}" if grant else row.name,
                grant_id=row.grant_id,
                granted_cents=grant.amount_cents if grant else 0,
                elsewhere_cents=elsewhere.get(row.grant_id or 0, 0),
                rule=rule_of(rule),
                short=funder if grant else row.name,
            )
        )
    return found


def rule_of(row: CoverRule | None) -> Rule:
    if row is None:
        return Rule()
    return Rule(row.overhead, row.overhead_bp, row.overhead_cents, row.max_rate_cents, frozenset(row.excluded))


def rule_row(grant_id: int) -> CoverRule | None:
    return db.session.execute(select(CoverRule).where(CoverRule.grant_id == grant_id)).scalar_one_or_none()


def last_rule_of_funder(funder_id: int) -> CoverRule | None:
    """The rule last written down for another grant of this funder: where a new one begins."""
    chosen = select(CoverRule).join(Grant, Grant.id == CoverRule.grant_id).where(Grant.funder_id == funder_id)
    return db.session.execute(chosen.order_by(CoverRule.updated_at.desc(), CoverRule.id).limit(1)).scalar()


def promised(grant_ids: Iterable[int], *, but: int) -> dict[int, int]:
    """What open projects other than `but` plan of these grants, in cents by grant id."""
    wanted = sorted(set(grant_ids))
    others = (
        select(ProjectSource.project_id)
        .join(Project, Project.id == ProjectSource.project_id)
        .where(ProjectSource.grant_id.in_(wanted), Project.id != but, Project.state != ProjectState.CANCELLED)
    )
    sums: dict[int, int] = defaultdict(int)
    for made in plans_of(db.session.execute(others).scalars()).values():
        for source in made.sources:
            if source.grant_id in wanted:
                sums[source.grant_id] += made.of_source(source.id)
    return sums


@dataclass(slots=True)
class Spent:
    """What was really spent on a line. Cents: the whole costs, what each grant pays by grant id."""

    full_cents: int = 0
    by_grant: dict[int, int] | None = None

    @property
    def granted_cents(self) -> int:
        return sum((self.by_grant or {}).values())


def spent(project_id: int) -> dict[int, Spent]:
    """By line: costs on the budget lines that were tied to it, each whole cost counted once where it is charged."""
    tied = (
        select(ProjectBudgetLine.project_line_id, ProjectBudgetLine.budget_line_id)
        .join(ProjectLine, ProjectLine.id == ProjectBudgetLine.project_line_id)
        .where(ProjectLine.project_id == project_id)
        .subquery()
    )
    found: dict[int, Spent] = defaultdict(lambda: Spent(by_grant=defaultdict(int)))
    charged = (
        select(tied.c.project_line_id, Expense.grant_id, cents_sum(Expense.full_cents), cents_sum(Expense.cents))
        .join(tied, tied.c.budget_line_id == Expense.budget_line_id)
        .group_by(tied.c.project_line_id, Expense.grant_id)
    )
    for line_id, grant_id, full, cents in db.session.execute(charged):
        found[line_id].full_cents += full
        found[line_id].by_grant[grant_id] += cents  # type: ignore[index]
    shared = (
        select(tied.c.project_line_id, ExpenseShare.grant_id, cents_sum(ExpenseShare.cents))
        .join(tied, tied.c.budget_line_id == ExpenseShare.budget_line_id)
        .group_by(tied.c.project_line_id, ExpenseShare.grant_id)
    )
    for line_id, grant_id, cents in db.session.execute(shared):
        found[line_id].by_grant[grant_id] += cents  # type: ignore[index]
    return dict(found)


def ties(project_id: int) -> dict[int, int]:
    """Budget line → line of this project."""
    chosen = (
        select(ProjectBudgetLine.budget_line_id, ProjectBudgetLine.project_line_id)
        .join(ProjectLine, ProjectLine.id == ProjectBudgetLine.project_line_id)
        .where(ProjectLine.project_id == project_id)
    )
    return dict(db.session.execute(chosen).all())


@dataclass(frozen=True, slots=True)
class Twin:
    """One entry number, day and whole amount, charged at more than one grant: perhaps a cost entered twice."""

    voucher: str
    spent_on: date
    full_cents: int
    times: int


def twins(grant_ids: Iterable[int], limit: int = 10) -> list[Twin]:
    """Costs of these grants that look like one cost entered at two of them. Shown, for people to judge."""
    keys = (Expense.voucher, Expense.spent_on, Expense.full_cents)
    chosen = (
        select(*keys, func.count())
        .where(Expense.grant_id.in_(sorted(set(grant_ids))), Expense.voucher != "")
        .group_by(*keys)
        .having(func.count(Expense.grant_id.distinct()) > 1)
        .order_by(Expense.spent_on, Expense.voucher)
        .limit(limit)
    )
    return [Twin(*row) for row in db.session.execute(chosen)]
