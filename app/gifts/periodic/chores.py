"""What staff have to do for an agreement, as tasks that end by themselves when it is done."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import local_date
from app.extensions import db, settings
from app.gifts.periodic.models import Agreement, AgreementState
from app.supporters import queries as supporters
from app.tasks import services as tasks
from app.tasks.models import Task, TaskState

SUBJECT = "periodic_agreement"
BACK_IN = timedelta(days=21)  # the signed form, by post
_BACK = {
    "nl": "Periodieke gift van %s: het getekende formulier komt per post",
    "en": "Periodic gift of %s: the signed form comes by post",
}
_SIGN = {"nl": "Onderteken de periodieke gift van %s", "en": "Sign the periodic gift of %s"}
_S = AgreementState
_OVER = (_S.ACTIVE, _S.WITHDRAWN, _S.ENDED, _S.BROKEN)


def await_form(row: Agreement, *, actor: Actor, now: datetime) -> None:
    """A donor took the form to sign it on paper: see that it comes back."""
    _want(row, "form", _BACK, local_date(now) + BACK_IN, actor, now)


def countersign(row: Agreement, *, actor: Actor, now: datetime) -> None:
    """The donor signed: now we."""
    _want(row, "sign", _SIGN, local_date(now), actor, now)


def settle(row: Agreement, *, actor: Actor, now: datetime) -> None:
    """After a step: what was waited for is there, or never comes. What a renewal asked for is done once it runs."""
    keys = [_key(row.id, kind) for kind in ("form", "sign")] if row.state in _OVER else []
    if row.state is _S.ACTIVE and row.previous_id:
        keys.append(f"periodic.renewal:{row.previous_id}")
    if keys:
        waiting = select(Task.id).where(Task.source_key.in_(keys), Task.state == TaskState.OPEN)
        for task_id in db.session.scalars(waiting).all():
            (tasks.drop if row.state is _S.WITHDRAWN else tasks.complete)(task_id, actor=actor, now=now)


def _want(row: Agreement, kind: str, titles: dict[str, str], due_on: date, actor: Actor, now: datetime) -> None:
    called = supporters.names([row.supporter_id])[row.supporter_id]
    wanted = tasks.NewTask(
        title=titles[settings().default_language] % called, due_on=due_on, source_key=_key(row.id, kind),
        subject=(SUBJECT, row.id),
    )  # fmt: skip
    if not tasks.add_new([wanted], actor=actor, now=now):  # drawn up anew: it is waited for once more
        again = select(Task.id).where(Task.source_key == wanted.source_key, Task.state != TaskState.OPEN)
        for task_id in db.session.scalars(again).all():
            tasks.reopen(task_id, actor=actor, now=now)


def _key(agreement_id: int, kind: str) -> str:
    return f"periodic.{kind}:{agreement_id}"
