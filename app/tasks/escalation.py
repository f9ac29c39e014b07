"""Tasks that stay undone go to the deputy of whom they are with: once, with a mail."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.audit import services as audit
from app.base.actor import Actor, system
from app.base.business_days import add_business_days
from app.base.dates import local_date
from app.base.works import Payload, periodic
from app.extensions import db, now, settings
from app.extensions.transactions import writing_in_bulk
from app.outbox.services import Mail, queue_mails
from app.staff.models import Staff
from app.tasks.models import Task, TaskState

BATCH = 200
MOST_IN_MAIL = 30
ESCALATION = system("tasks.escalate")


@periodic("tasks.escalate", daily_at="06:45")
def escalation(payload: Payload) -> None:
    """What is late goes to a deputy."""
    done = BATCH
    while done == BATCH:
        with writing_in_bulk():
            done = escalate(after_days=settings().task_escalation_days, actor=ESCALATION, now=now())


def escalate(*, after_days: int, actor: Actor, now: datetime) -> int:
    """Pass on open tasks that are `after_days` working days late; gives how many. Nought days: none.

    Each due date of a task is passed on once: a deputy's own deputy does not get it next.
    """
    if after_days <= 0:
        return 0
    owner, deputy = aliased(Staff), aliased(Staff)
    cutoff = add_business_days(local_date(now), -after_days)
    late = (
        select(Task, owner, deputy)
        .join(owner, owner.id == Task.owner_id)
        .join(deputy, deputy.id == owner.deputy_id)
        .where(Task.state == TaskState.OPEN, Task.due_on <= cutoff, Task.escalated_at.is_(None), deputy.active)
        .order_by(Task.due_on, Task.id)
        .limit(BATCH)
        .with_for_update(of=Task)
    )
    rows = db.session.execute(late).all()
    told: dict[int, tuple[Staff, list[tuple[Task, str]]]] = {}
    traces = []
    for task, was_with, goes_to in rows:
        told.setdefault(goes_to.id, (goes_to, []))[1].append((task, was_with.name))
        changes = {"owner_id": [task.owner_id, goes_to.id]}
        traces.append(audit.Trace(action="task.escalated", subject=("task", task.id), changes=changes))
        task.escalated_at, task.escalated_from_id, task.owner_id = now, was_with.id, goes_to.id
    db.session.flush()
    audit.record_many(traces, actor=actor, now=now)
    queue_mails([_mail(person, tasks) for person, tasks in told.values()], now=now)
    return len(rows)


def _mail(person: Staff, tasks: list[tuple[Task, str]]) -> Mail:
    # A task goes over once for each due date, so the first of them makes a key of its own.
    first: date = tasks[0][0].due_on
    lines = [
        {"id": task.id, "title": task.title, "due_on": task.due_on.isoformat(), "from": name}
        for task, name in tasks[:MOST_IN_MAIL]
    ]
    data = {"name": person.name, "lines": lines, "count": len(tasks)}
    key = f"tasks.escalate:{tasks[0][0].id}:{first.isoformat()}:{person.id}"
    return Mail(template="tasks/escalated", to=person.email, language=person.language, key=key, data=data)
