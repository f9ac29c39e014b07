"""The deadline of a record moves: the tasks that templates made for it move along, and their owners are
told. Inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.base.business_days import add_business_days, business_day_on_or_after
from app.base.dates import local_date
from app.base.ids import new_id
from app.extensions import db
from app.outbox.services import Mail, queue_mails
from app.staff.models import Staff
from app.tasks import services
from app.tasks.chains import Distance
from app.tasks.following import counted_from, follow
from app.tasks.models import Task, TaskState
from app.tasks.template_models import TemplateStep
from app.tasks.template_services import steps_of

MOST_IN_MAIL = 30


@dataclass(frozen=True, slots=True)
class _Moved:
    task: Task
    was: date


def count_anew(kind: str, deadlines: Mapping[int, date], *, actor: Actor, now: datetime) -> int:
    """Records of this kind have these deadlines now; gives how many open tasks of templates moved along.

    Each task stays as far before the deadline as its step says, or as somebody chose by hand; one that
    would have to be done before today is planned for today, and has its distance again when the
    deadline moves back. Whoever has one of them is told in one mail, unless it was their own doing.
    """
    mine = (Task.subject_type == kind) & Task.subject_id.in_(deadlines) & (Task.state == TaskState.OPEN)
    made = select(Task).where(mine, Task.source_key.startswith("template:")).order_by(Task.id).with_for_update()
    steps: dict[int, dict[int, TemplateStep]] = {}
    moved = []
    for task in db.session.execute(made).scalars().all():
        due_on = deadlines[task.subject_id or 0]
        if (distance := task.distance) is None:
            *_start, template, _kind, _id, _old, place = (task.source_key or "").split(":")
            if int(template) not in steps:
                steps[int(template)] = {each.position: each for each in steps_of(int(template))}
            distance = _as_made(task, counted_from(task), steps[int(template)].get(int(place)))
            task.keep_distance(distance)
        day, was = follow(task, due_on, distance, now=now), task.due_on
        if day != was:
            services.move_along(task, day, actor=actor, now=now)
            moved.append(_Moved(task, was))
    db.session.flush()
    _tell(moved, actor=actor, now=now)
    return len(moved)


def _as_made(task: Task, due_on: date, step: TemplateStep | None) -> Distance:
    """The distance of a task from before distances were kept: its step's, unless somebody chose another day."""
    if step is not None:
        asked = add_business_days(due_on, -step.days_before)
        soonest = min(business_day_on_or_after(local_date(task.created_at)), due_on)
        if task.due_on == max(asked, soonest):
            return Distance(step.days_before)
    return Distance.between(task.due_on, due_on)


def _tell(moved: Sequence[_Moved], *, actor: Actor, now: datetime) -> None:
    theirs: dict[int, list[_Moved]] = {}
    for each in moved:
        if each.task.owner_id and not (actor.kind == "staff" and actor.id == each.task.owner_id):
            theirs.setdefault(each.task.owner_id, []).append(each)
    people = db.session.execute(select(Staff).where(Staff.id.in_(theirs), Staff.active).order_by(Staff.id)).scalars()
    move = new_id()  # one task may move twice to the same day and back: each move is told
    queue_mails([_mail(person, theirs[person.id], f"tasks.moved:{move}:{person.id}") for person in people], now=now)


def _mail(person: Staff, moved: Sequence[_Moved], key: str) -> Mail:
    lines = [
        {"title": each.task.title, "was": each.was.isoformat(), "due_on": each.task.due_on.isoformat()}
        for each in sorted(moved, key=lambda each: (each.task.due_on, each.task.id))[:MOST_IN_MAIL]
    ]
    data = {"name": person.name, "lines": lines, "count": len(moved)}
    return Mail(template="tasks/moved", to=person.email, language=person.language, key=key, data=data)
