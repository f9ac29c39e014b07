"""Reading tasks."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.tasks.models import Task, TaskState

_COUNTED = 1000


def get(task_id: int) -> Task:
    task = db.session.get(Task, task_id)
    if task is None:
        raise NotFound(N_("This task does not exist."))
    return task


def by_source(source_key: str) -> int | None:
    """The task that was made for this, open or over; None where there is none."""
    return db.session.execute(select(Task.id).where(Task.source_key == source_key)).scalar()


def tasks(
    *, state: TaskState | None, owner_id: int | None = None, until: date | None = None, text: str = ""
) -> Select[Any]:
    """Tasks to list: of one owner or everybody's, due at the latest on `until`, with `text` in the title."""
    found = select(Task)
    if state is not None:
        found = found.where(Task.state == state)
    if owner_id is not None:
        found = found.where(Task.owner_id == owner_id)
    if until is not None:
        found = found.where(Task.due_on <= until)
    if text:
        found = found.where(Task.title.icontains(text, autoescape=True))
    return found


def about(subject_type: str, subject_id: int, *, limit: int = 20) -> list[Task]:
    """The open tasks on one record, first what is due first."""
    mine = (Task.subject_type == subject_type) & (Task.subject_id == subject_id) & (Task.state == TaskState.OPEN)
    return list(db.session.execute(select(Task).where(mine).order_by(Task.due_on, Task.id).limit(limit)).scalars())


def due(owner_id: int | None, until: date, *, limit: int = 10) -> list[Task]:
    """Open tasks due at the latest on `until`, overdue first: for the cockpit. `owner_id` None: everybody's."""
    found = tasks(state=TaskState.OPEN, owner_id=owner_id, until=until)
    return list(db.session.execute(found.order_by(Task.due_on, Task.id).limit(limit)).scalars())


def count_open(owner_id: int | None, until: date) -> int:
    """How many open tasks are due by then, counted up to a thousand."""
    rows = tasks(state=TaskState.OPEN, owner_id=owner_id, until=until).with_only_columns(Task.id).limit(_COUNTED)
    return db.session.execute(select(func.count()).select_from(rows.subquery())).scalar() or 0
