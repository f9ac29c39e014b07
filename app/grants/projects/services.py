"""Keep projects, their sources, and each funder's rule. Inside the caller's `with writing():`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid, Refused
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.budgets.models import Category
from app.grants.history import facts as move_facts
from app.grants.projects.models import (
    PROJECT_MOVES,
    CoverRule,
    OverheadRule,
    Project,
    ProjectCover,
    ProjectMove,
    ProjectSource,
    ProjectState,
    SourceKind,
)
from app.grants.rows import check_version, locked, must_exist
from app.programmes.models import Programme
from app.staff.models import Staff

MOST_SOURCES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """What staff fill in about a project."""

    name: str
    starts_on: date
    ends_on: date
    programme_id: int | None = None
    lead_id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """What a funder pays: overhead (percentage in basis points or cents), its highest hourly rate, no categories."""

    overhead: OverheadRule
    overhead_bp: int | None = None
    overhead_cents: int | None = None
    max_rate_cents: int | None = None
    excluded: tuple[Category, ...] = ()


def create(facts: ProjectFacts, *, actor: Actor, now: datetime) -> int:
    """A planned project; gives its id."""
    _check(facts)
    row = Project(state=ProjectState.PLANNED, state_since=now, created_at=now, version=1, **asdict(facts))
    db.session.add(row)
    db.session.flush()
    _history(row, None, actor=actor, now=now)
    audit.record("project.created", ("project", row.id), actor=actor, now=now, changes=_told(facts))
    return row.id


def change(project_id: int, facts: ProjectFacts, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Change what a project is; its plan is another page's."""
    row = locked(Project, project_id)
    check_version(row.version, version)
    _check(facts)
    for name, value in asdict(facts).items():
        setattr(row, name, value)
    if changes := audit.changes_of(row):
        row.version += 1
        db.session.flush()
        audit.record("project.changed", ("project", row.id), actor=actor, now=now, changes=changes)


def move(
    project_id: int, state: ProjectState, *, note: str = "", version: int | None, actor: Actor, now: datetime
) -> None:
    """To another state."""
    row = locked(Project, project_id)
    check_version(row.version, version)
    PROJECT_MOVES.check(row.state, state)
    before, row.state, row.state_since = row.state, state, now
    row.version += 1
    _history(row, before, note=note, actor=actor, now=now)
    told = {"state": [before.value, state.value]} | ({"note": note} if note else {})
    audit.record("project.moved", ("project", row.id), actor=actor, now=now, changes=told)


def add_source(
    project_id: int, kind: SourceKind, *, grant_id: int | None = None, name: str = "", actor: Actor, now: datetime
) -> int:
    """One more column of the plan: a grant once, own means, or a partner by name. Gives its id."""
    row = locked(Project, project_id)
    mine = select(func.count(), func.coalesce(func.max(ProjectSource.position), 0)).where(
        ProjectSource.project_id == row.id
    )
    count, last = db.session.execute(mine).one()
    if count >= MOST_SOURCES:
        raise Refused(N_("A plan can have at most %(most)s sources."), most=MOST_SOURCES)
    if kind is SourceKind.GRANT:
        name = ""
        grant = db.session.get(Grant, grant_id) if grant_id else None
        if grant is None:
            raise Invalid(N_("Please choose one of the options."), field="grant_id")
        there = select(ProjectSource.id).where(ProjectSource.project_id == row.id, ProjectSource.grant_id == grant_id)
        if db.session.execute(there).first():
            raise Invalid(N_("This grant is in the plan already."), field="grant_id")
    else:
        grant_id = grant = None
        if kind is SourceKind.PARTNER and not name.strip():
            raise Invalid(N_("Please fill in the partner's name."), field="name")
    source = ProjectSource(project_id=row.id, position=last + 1, kind=kind, grant_id=grant_id, created_at=now)
    source.name = name.strip()
    db.session.add(source)
    row.version += 1
    db.session.flush()
    told = {"kind": kind.value, "grant": grant_id, "source": grant.title if grant else source.name}
    audit.record("project.source_added", ("project", row.id), actor=actor, now=now, changes=told)
    return source.id


def remove_source(project_id: int, source_id: int, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Take a column out of the plan while it covers nothing."""
    row = locked(Project, project_id)
    check_version(row.version, version)
    source = locked(ProjectSource, source_id)
    if source.project_id != row.id:
        raise Invalid(N_("Please choose one of the options."))
    if db.session.execute(select(ProjectCover.id).where(ProjectCover.source_id == source.id)).first():
        raise Refused(N_("This source covers something: empty its cells in the plan first."))
    db.session.delete(source)
    row.version += 1
    grant = db.session.get(Grant, source.grant_id) if source.grant_id else None
    told = {"kind": source.kind.value, "grant": source.grant_id, "source": grant.title if grant else source.name}
    audit.record("project.source_removed", ("project", row.id), actor=actor, now=now, changes=told)


def set_rule(grant_id: int, facts: RuleFacts, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Write down what the funder of a grant pays; plans show at once where they cross it."""
    locked(Grant, grant_id)
    row = db.session.execute(select(CoverRule).where(CoverRule.grant_id == grant_id)).scalar_one_or_none()
    check_version(row.version if row else 0, version)
    if facts.overhead is OverheadRule.PERCENT and facts.overhead_bp is None:
        raise Invalid(N_("Please fill in the percentage."), field="overhead_percent")
    if facts.overhead is OverheadRule.FLAT and facts.overhead_cents is None:
        raise Invalid(N_("Please fill in the amount."), field="overhead_amount")
    if row is None:
        row = CoverRule(grant_id=grant_id, version=0)
        db.session.add(row)
    row.overhead = facts.overhead
    row.overhead_bp = facts.overhead_bp if facts.overhead is OverheadRule.PERCENT else None
    row.overhead_cents = facts.overhead_cents if facts.overhead is OverheadRule.FLAT else None
    row.max_rate_cents = facts.max_rate_cents
    row.excluded = [each.value for each in facts.excluded]
    row.updated_at = now
    row.version += 1
    db.session.flush()
    told = {"overhead": facts.overhead.value, "max_rate_cents": facts.max_rate_cents, "excluded": row.excluded}
    audit.record("grant.cover_rule_set", ("grant_award", grant_id), actor=actor, now=now, changes=told)


def _check(facts: ProjectFacts) -> None:
    if facts.ends_on < facts.starts_on:
        raise Invalid(N_("The end lies before the start."), field="ends_on")
    must_exist(Programme, facts.programme_id, field="programme_id")
    must_exist(Staff, facts.lead_id, field="lead_id")


def _history(row: Project, before: ProjectState | None, *, note: str = "", actor: Actor, now: datetime) -> None:
    db.session.add(ProjectMove(project_id=row.id, **move_facts(before, row.state, actor=actor, now=now, note=note)))


def _told(facts: ProjectFacts) -> dict[str, object]:
    return asdict(facts) | {"starts_on": facts.starts_on.isoformat(), "ends_on": facts.ends_on.isoformat()}
