"""Who is told when parts come in and when they are good. Inside `with writing():`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from app.base.ids import new_id
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.obligations.models import Obligation
from app.grants.partners.models import GrantPartner
from app.grants.parts import tasks
from app.grants.parts.models import DONE, WITH_PARTNER, PartState, PartTask, ReportPart
from app.outbox.services import queue_mail
from app.staff.models import Staff
from app.supporters.models import Supporter


def task_of(part: ReportPart) -> PartTask | None:
    """The task it belongs to; our own parts have none."""
    if part.partner_id is None:
        return None
    mine = (PartTask.obligation_id == part.obligation_id) & (PartTask.partner_id == part.partner_id)
    return db.session.execute(select(PartTask).where(mine)).scalar_one_or_none()


def tell_us(part: ReportPart, *, now: datetime) -> None:
    """A partner has nothing left to write: mail who makes the report."""
    if part.partner_id is None or _count(part, WITH_PARTNER):
        return
    obligation = db.session.get_one(Obligation, part.obligation_id)
    grant = db.session.get(Grant, obligation.grant_id) if obligation.grant_id else None
    person = db.session.get(Staff, obligation.assignee_id or (grant.owner_id if grant else None) or 0)
    if person is None or not person.active:
        return
    name = db.session.execute(
        select(Supporter.display_name)
        .join(GrantPartner, GrantPartner.supporter_id == Supporter.id)
        .where(GrantPartner.id == part.partner_id)
    ).scalar_one()
    data = {
        "name": person.name,
        "partner": name,
        "grant": grant.title if grant else "",
        "kind": obligation.kind.label,
        "title": obligation.title,
        "obligation_id": obligation.id,
    }
    queue_mail(
        "grants/part_delivered",
        person.email,
        data,
        language=person.language,
        now=now,
        key=f"grants.part_delivered:{new_id()}",
    )


def thank(part: ReportPart, *, now: datetime) -> None:
    """Everything of a partner is accepted: say so, and until when the link still opens it."""
    task = task_of(part)
    if task is None or task.revoked_at is not None or _count(part, tuple(set(PartState) - set(DONE))):
        return
    data = {"days": tasks.KEEP.days}
    tasks.mail([task], "grants/part_accepted", now=now, key=f"grants.part_accepted:{new_id()}", data=data)


def _count(part: ReportPart, states: tuple[PartState, ...]) -> int:
    mine = (ReportPart.obligation_id == part.obligation_id) & (ReportPart.partner_id == part.partner_id)
    counted = select(func.count()).select_from(ReportPart).where(mine, ReportPart.state.in_(states))
    return int(db.session.execute(counted).scalar_one())
