"""Adding tasks and ending them. One verb each, inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import NotFound
from app.base.events import publish
from app.base.ids import new_id, new_ids
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import insert_new
from app.tasks.chains import Distance
from app.tasks.following import counted_from, follow
from app.tasks.models import MOVES, Priority, Task, TasksDone, TaskState, TaskStep
from app.tasks.subjects import subject_of

_UNTOLD = ("title", "working_days_before", "calendar_days_before")


def add(
    title: str, due_on: date, *, owner_id: int | None, priority: Priority = Priority.NORMAL,
    subject: tuple[str, int] | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """A new task; `subject` is the record it is about, like ("supporter", id)."""
    task = Task(
        id=new_id(), title=title, due_on=due_on, owner_id=owner_id, priority=priority, state=TaskState.OPEN,
        subject_type=subject[0] if subject else None, subject_id=subject[1] if subject else None,
        created_by_id=actor.id, created_at=now,
    )  # fmt: skip
    db.session.add(task)
    db.session.flush()
    _told(task, "task.added", {"due_on": [None, due_on]}, actor, now)
    db.session.add(TaskStep(id=new_id(), task_id=task.id, state=TaskState.OPEN, at=now, by_id=actor.id))
    return task.id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task that a template or a job makes; `source_key` says what made it, so that it is made once.

    `distance`: how far before the deadline of its record it is meant to be, where it moves along with that.
    """

    title: str
    due_on: date
    source_key: str
    owner_id: int | None = None
    priority: Priority = Priority.NORMAL
    subject: tuple[str, int] | None = None
    distance: Distance | None = None


def add_new(wanted: Sequence[NewTask], *, actor: Actor, now: datetime) -> list[int]:
    """Add the tasks that are not there yet by their `source_key`; gives the ids of those added.

    A constant number of statements, however many tasks.
    """
    if not wanted:
        return []
    rows = [
        {
            "id": row_id,
            "title": task.title[:200],
            "due_on": task.due_on,
            "owner_id": task.owner_id,
            "priority": task.priority,
            "state": TaskState.OPEN,
            "subject_type": task.subject[0] if task.subject else None,
            "subject_id": task.subject[1] if task.subject else None,
            "created_by_id": actor.id,
            "created_at": now,
            "source_key": task.source_key,
            "working_days_before": task.distance.days if task.distance and task.distance.working else None,
            "calendar_days_before": task.distance.days if task.distance and not task.distance.working else None,
        }
        for row_id, task in zip(new_ids(len(wanted)), wanted, strict=True)
    ]
    added = list(db.session.execute(insert_new(Task).returning(Task.__table__.c.id), rows).scalars())
    if added:
        steps = zip(new_ids(len(added)), added, strict=True)
        db.session.execute(
            insert(TaskStep),
            [{"id": i, "task_id": t, "state": TaskState.OPEN, "at": now, "by_id": actor.id} for i, t in steps],
        )
        audit.record_many(
            [audit.Trace(action="task.added", subject=("task", row_id)) for row_id in added], actor=actor, now=now
        )
    return added


def complete(task_id: int, *, actor: Actor, now: datetime) -> None:
    """Done. A second time changes nothing, so that a double click is no error."""
    if _move(task_id, TaskState.DONE, actor=actor, now=now):
        publish(TasksDone(ids=(task_id,), actor=actor, at=now))


def drop(task_id: int, *, actor: Actor, now: datetime) -> None:
    """No longer needed."""
    _move(task_id, TaskState.DROPPED, actor=actor, now=now)


def reopen(task_id: int, *, actor: Actor, now: datetime) -> None:
    """Undo: it has to be done after all. Where the deadline of its record moved meanwhile, it is as far before that
    as it was before the old one."""
    if not _move(task_id, TaskState.OPEN, actor=actor, now=now):
        return
    task = _loaded(task_id)
    deadline = deadline_of(task)
    if deadline and deadline != (old := counted_from(task)):
        distance = task.distance or Distance.between(task.due_on, old)
        _plan(task, follow(task, deadline, distance, now=now), actor, now)


def _move(task_id: int, state: TaskState, *, actor: Actor, now: datetime) -> bool:
    task = _loaded(task_id)
    if task.state is state:
        return False
    MOVES.check(task.state, state)
    changes = {"state": [task.state.value, state.value]}
    task.state = state
    task.ended_at, task.ended_by_id = (None, None) if state is TaskState.OPEN else (now, actor.id)
    db.session.add(TaskStep(id=new_id(), task_id=task.id, state=state, at=now, by_id=actor.id))
    _told(task, f"task.{'reopened' if state is TaskState.OPEN else state.value}", changes, actor, now)
    return True


def change(
    task_id: int, *, title: str, due_on: date, owner_id: int | None, priority: Priority, actor: Actor, now: datetime
) -> None:
    """Change what, by when, by whom. A day chosen by hand is the distance to its deadline from now on."""
    task = _loaded(task_id)
    if due_on != task.due_on and (deadline := deadline_of(task)):
        task.keep_distance(Distance.between(due_on, deadline))
    task.title, task.owner_id, task.priority = title, owner_id, priority
    _plan(task, due_on, actor, now)


def move_along(task: Task, due_on: date, *, actor: Actor, now: datetime) -> None:
    """The deadline of its record moved: the task has another day, and means to keep the distance it had."""
    _plan(task, due_on, actor, now)


def deadline_of(task: Task) -> date | None:
    """What a task of a template on a record is counted back from; None for any other task."""
    if task.subject_type is None or task.subject_id is None or not (task.source_key or "").startswith("template:"):
        return None
    return subject_of(task.subject_type, task.subject_id).due_on or counted_from(task)


def _plan(task: Task, due_on: date, actor: Actor, now: datetime) -> None:
    if due_on != task.due_on:
        task.escalated_at = task.escalated_from_id = None
    task.due_on = due_on
    changes = {name: change for name, change in audit.changes_of(task).items() if name not in _UNTOLD}
    _told(task, "task.changed", changes, actor, now)


def assign(task_id: int, owner_id: int | None, *, actor: Actor, now: datetime) -> None:
    """Give the task to somebody, or to nobody in particular."""
    task = _loaded(task_id)
    task.owner_id = owner_id
    _told(task, "task.assigned", audit.changes_of(task), actor, now)


def _loaded(task_id: int) -> Task:
    task = db.session.get(Task, task_id)
    if task is None:
        raise NotFound(N_("This task does not exist."))
    return task


def _told(task: Task, action: str, changes: dict[str, Any], actor: Actor, now: datetime) -> None:
    # The title is free text and may name a person: it stays out of the trail, which outlives erasure.
    audit.record(action, ("task", task.id), actor=actor, now=now, changes=changes)
