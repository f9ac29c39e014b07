"""What templates of tasks need to know of this room's records: the deadline, and who is who."""

from __future__ import annotations

from sqlalchemy import func, select

from app.base.events import on
from app.extensions import db
from app.grants.applications.models import Application
from app.grants.awards.models import Grant
from app.grants.obligations.events import DueDatesMoved
from app.grants.obligations.models import Obligation
from app.grants.rounds.models import Round
from app.tasks import template_services as templates
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
def count_anew(event: DueDatesMoved) -> None:
    """What templates of tasks counted back from the funder's date is counted anew."""
    moved = select(Obligation.id, Obligation.due_on).where(Obligation.id.in_(event.ids)).order_by(Obligation.id)
    for row_id, due_on in db.session.execute(moved).all():
        templates.count_anew(("obligation", row_id), due_on, actor=event.actor, now=event.at)


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
