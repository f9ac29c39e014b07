"""Make, change and use templates of tasks. Inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.tasks import services
from app.tasks.chains import Distance, backwards
from app.tasks.models import Priority
from app.tasks.services import NewTask
from app.tasks.template_models import MOST_DAYS, StepRole, TaskTemplate, TemplateStep, TemplateUse

MOST_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """A step; `days_before` are working days before the deadline."""

    title: str
    days_before: int
    role: StepRole = StepRole.OWNER
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFacts:
    name: str
    used_for: TemplateUse
    steps: Sequence[StepPlan]
    active: bool = True


def create(facts: TemplateFacts, *, actor: Actor, now: datetime) -> int:
    _check(facts, None)
    row = TaskTemplate(
        id=new_id(), name=facts.name.strip(), used_for=facts.used_for, active=facts.active, version=1, created_at=now
    )
    db.session.add(row)
    db.session.flush()
    _write_steps(row.id, facts.steps)
    audit.record("task_template.added", ("task_template", row.id), actor=actor, now=now, changes={"name": row.name})
    return row.id


def change(template_id: int, facts: TemplateFacts, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Change a template. Tasks that were made from it stay as they are."""
    row = db.session.get(TaskTemplate, template_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(N_("This template does not exist."))
    if version is not None and version != row.version:
        raise Refused(N_("Somebody else changed this template while you were editing. Open it again first."))
    _check(facts, template_id)
    row.name, row.used_for, row.active = facts.name.strip(), facts.used_for, facts.active
    row.version += 1
    db.session.execute(delete(TemplateStep).where(TemplateStep.template_id == template_id))
    db.session.flush()
    _write_steps(template_id, facts.steps)
    told = {"name": row.name, "steps": len(facts.steps), "active": facts.active}
    audit.record("task_template.changed", ("task_template", template_id), actor=actor, now=now, changes=told)


def apply(
    template_id: int, due_on: date, people: Mapping[StepRole, int | None], *, subject: tuple[str, int] | None,
    form_key: str = "", actor: Actor, now: datetime,
) -> list[int]:  # fmt: skip
    """Make the tasks of a template, counted back from `due_on`; gives the ids of those that are new.

    On one record and deadline a template makes its tasks once. Without a record `form_key` tells
    one use from another, so that a double click makes nothing twice.
    """
    row = db.session.get(TaskTemplate, template_id)
    if row is None:
        raise NotFound(N_("This template does not exist."))
    if not row.active:
        raise Refused(N_("This template is no longer used."))
    today = local_date(now)
    if due_on < today:
        raise Invalid(N_("This day has passed: a chain of tasks cannot end before it starts."), field="due_on")
    steps = steps_of(template_id)
    where = f"{subject[0]}:{subject[1]}" if subject else f"form:{form_key or new_id()}"
    wanted = [
        NewTask(
            title=steps[each.step].title,
            due_on=each.due_on,
            owner_id=people.get(steps[each.step].role),
            priority=steps[each.step].priority,
            subject=subject,
            distance=Distance(steps[each.step].days_before) if subject else None,
            source_key=f"template:{template_id}:{where}:{due_on.isoformat()}:{steps[each.step].position}",
        )
        for each in backwards(due_on, steps, today=today)
    ]
    return services.add_new(wanted, actor=actor, now=now)


def steps_of(template_id: int) -> list[TemplateStep]:
    chosen = select(TemplateStep).where(TemplateStep.template_id == template_id).order_by(TemplateStep.position)
    return list(db.session.execute(chosen).scalars())


def _write_steps(template_id: int, steps: Sequence[StepPlan]) -> None:
    # Longest before the deadline first, whatever the order they were typed in.
    ordered = sorted(steps, key=lambda step: -step.days_before)
    db.session.add_all(
        TemplateStep(
            id=new_id(), template_id=template_id, position=place, title=step.title.strip(),
            days_before=step.days_before, role=step.role, priority=step.priority,
        )
        for place, step in enumerate(ordered, start=1)
    )  # fmt: skip
    db.session.flush()


def _check(facts: TemplateFacts, template_id: int | None) -> None:
    if not facts.name.strip():
        raise Invalid(N_("Please fill this in."), field="name")
    taken = select(TaskTemplate.id).where(TaskTemplate.name == facts.name.strip())
    if template_id is not None:
        taken = taken.where(TaskTemplate.id != template_id)
    if db.session.execute(taken).first():
        raise Invalid(N_("There is a template of this name already."), field="name")
    if not facts.steps:
        raise Invalid(N_("A template has at least one step."))
    if len(facts.steps) > MOST_STEPS:
        raise Invalid(N_("A template has at most %(most)s steps."), most=MOST_STEPS)
    for step in facts.steps:
        if not step.title.strip():
            raise Invalid(N_("Say what is to be done in each step."))
        if not 0 <= step.days_before <= MOST_DAYS:
            raise Invalid(N_("Count from 0 to %(most)s working days before the deadline."), most=MOST_DAYS)
