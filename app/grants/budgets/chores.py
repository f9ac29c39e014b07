"""What finance has to do for a change that the funder agreed to, as a task that ends by itself when it is decided."""

from __future__ import annotations

from datetime import datetime

from flask_babel import force_locale, gettext
from sqlalchemy import select

from app.base.actor import Actor
from app.base.business_days import business_day_on_or_after
from app.base.dates import local_date
from app.base.errors import Refused
from app.base.states import N_
from app.extensions import db, settings
from app.grants.awards.models import Grant
from app.grants.budgets.models import Amendment, AmendmentState
from app.grants.rows import locked
from app.staff.queries import active_staff
from app.tasks import services as tasks
from app.tasks.models import Priority, Task, TaskState
from app.ui.permissions import Role

SUBJECT = "amendment"
TITLE = N_("Record that the funder agrees to another amount: %(title)s")


def waiting(amendment_id: int) -> Task | None:
    """The open task of finance for this change."""
    mine = select(Task).where(Task.source_key == _key(amendment_id), Task.state == TaskState.OPEN)
    return db.session.execute(mine).scalar()


def ask_finance(amendment_id: int, *, actor: Actor, now: datetime) -> None:
    """The funder agrees, and the amount is in the books: a task for the first of finance, made once.

    Inside `writing()`. Raises Refused where the change is decided already.
    """
    row = locked(Amendment, amendment_id)
    if row.state is not AmendmentState.REQUESTED:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)
    grant = db.session.get_one(Grant, row.grant_id)
    owner = next((member for member in active_staff() if member.role is Role.FINANCE), None)
    with force_locale(owner.language if owner else settings().default_language):
        title = gettext(TITLE, title=grant.title)
    wanted = tasks.NewTask(
        title=title,
        due_on=business_day_on_or_after(local_date(now)),
        source_key=_key(row.id),
        owner_id=owner.id if owner else None,
        priority=Priority.HIGH,
        subject=(SUBJECT, row.id),
    )
    if not tasks.add_new([wanted], actor=actor, now=now):  # ended before its time: it is asked once more
        again = select(Task.id).where(Task.source_key == wanted.source_key)
        tasks.reopen(db.session.execute(again).scalar_one(), actor=actor, now=now)


def settle(row: Amendment, *, actor: Actor, now: datetime) -> None:
    """The change is decided: what finance was asked is done, or no longer needed."""
    if task := waiting(row.id):
        end = tasks.complete if row.state is AmendmentState.APPROVED else tasks.drop
        end(task.id, actor=actor, now=now)


def _key(amendment_id: int) -> str:
    return f"amendment.book:{amendment_id}"
