"""What templates of tasks need to know of this room's records: the deadline, and who is who."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, func, select

from app.base.events import Event, on
from app.extensions import db
from app.grants.applications.models import Application
from app.grants.awards.models import Grant
from app.grants.events import DeadlinesMoved
from app.grants.obligations.events import DueDatesMoved
from app.grants.obligations.models import Obligation
from app.grants.rounds.models import Round
from app.tasks import moving
from app.tasks.subjects import Subject, told_by
from app.tasks.template_models import StepRole


@told_by("obligation")
def obligation(row_id: int) -> Subject | None:
    """Counted back from the day it is due at the funder."""
    row = db.session.execute(
        select(
            Obligation.due_on, Obligation.assignee_id, Obligation.reviewer_id,
            func.coalesce(Grant.owner_id, Application.owner_id),
        )
        .outerjoin(Grant, Grant.id == Obligation.grant_id)
        .outerjoin(Application, Application.id == Obligation.application_id)
        .where(Obligation.id == row_id)
    ).first()  # fmt: skip
    if row is None:
        return None
    due_on, assignee, reviewer, owner = row
    roles = {StepRole.OWNER: owner or assignee, StepRole.ASSIGNEE: assignee or owner, StepRole.REVIEWER: reviewer}
    return Subject(due_on, roles)


@on(DueDatesMoved)
def follow_funder(event: DueDatesMoved) -> None:
    """What templates of tasks counted back from the funder's date is counted anew."""
    _count_anew("obligation", select(Obligation.id, Obligation.due_on).where(Obligation.id.in_(event.ids)), event)


@on(DeadlinesMoved)
def follow(event: DeadlinesMoved) -> None:
    """What was counted back from a round's last day or from a grant's end is counted anew."""
    if event.subject == "grant_award":
        _count_anew("grant_award", select(Grant.id, Grant.ends_on).where(Grant.id.in_(event.ids)), event)
        return
    which = Round.id if event.subject == "round" else Application.id
    asked = select(Application.id, Round.closes_on).join(Round, Round.id == Application.round_id)
    _count_anew("application", asked.where(which.in_(event.ids)), event)


def _count_anew(kind: str, deadlines: Select[int, date], event: Event) -> None:
    found = dict(db.session.execute(deadlines).all())
    moving.count_anew(kind, found, actor=event.actor, now=event.at)


@told_by("application")
def application(row_id: int) -> Subject | None:
    """Counted back from the last day of the round."""
    row = db.session.execute(
        select(Round.closes_on, Application.owner_id)
        .select_from(Application)
        .outerjoin(Round, Round.id == Application.round_id)
        .where(Application.id == row_id)
    ).first()
    return Subject(row[0], {StepRole.OWNER: row[1], StepRole.ASSIGNEE: row[1]}) if row else None


@told_by("grant_award")
def grant(row_id: int) -> Subject | None:
    """Counted back from the end of the period."""
    row = db.session.execute(select(Grant.ends_on, Grant.owner_id).where(Grant.id == row_id)).first()
    return Subject(row[0], {StepRole.OWNER: row[1], StepRole.ASSIGNEE: row[1]}) if row else None
