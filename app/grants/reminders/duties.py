"""Reminders to partners of what they owe us for a sub-grant: 30, 14, 7 and 1 days before, and as many days after.

A partner gets one mail about all of a sub-grant that waits for it, with the link to its page, and none on a day on
which somebody reminded it. Whose link was withdrawn, or who has no address, is left alone and hears later of the
mark that is reached by then.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import days, local_date
from app.base.errors import Invalid, Refused
from app.base.ids import new_ids
from app.extensions import db
from app.extensions.sql import insert_new
from app.grants.awards.models import Grant
from app.grants.partners import mails
from app.grants.partners.due import DUTIES_TO_DO
from app.grants.partners.models import GrantPartner, SubGrant, SubGrantDuty, SubGrantDutyReminder
from app.grants.reminders.services import MARKS
from app.grants.rows import locked

BATCH = 10  # sub-grants in one transaction

Mark = tuple[int, date, int]  # the id of a duty, its due date, the mark


def mark_reached(days_left: int) -> int:
    """The most urgent mark that is reached, of what is due within 30 days; below 0 once it is late."""
    if days_left < 0:
        return -max(mark for mark in MARKS if mark <= -days_left)
    return min(mark for mark in MARKS if days_left <= mark)


def remind(*, after: int = 0, actor: Actor, now: datetime) -> int | None:
    """Remind the partners of one batch; gives where the next begins, None after the last."""
    today = local_date(now)
    duty = SubGrantDuty
    soon = (
        select(duty.sub_grant_id, duty.id, duty.due_on)
        .join(SubGrant, SubGrant.id == duty.sub_grant_id)
        .join(GrantPartner, GrantPartner.id == SubGrant.partner_id)
        .join(Grant, Grant.id == GrantPartner.grant_id)
        .where(DUTIES_TO_DO, duty.due_on <= today + days(MARKS[-1]))
    )
    first = soon.with_only_columns(duty.sub_grant_id, maintain_column_froms=True).where(duty.sub_grant_id > after)
    ids = list(db.session.execute(first.distinct().order_by(duty.sub_grant_id).limit(BATCH)).scalars())
    rows = db.session.execute(soon.where(duty.sub_grant_id.in_(ids)).order_by(duty.due_on, duty.id)).all()
    known = select(SubGrantDutyReminder).where(SubGrantDutyReminder.duty_id.in_([row.id for row in rows]))
    told = {(each.duty_id, each.due_on, each.mark) for each in db.session.execute(known).scalars()}
    for sub_grant_id in ids:
        own = (row for row in rows if row.sub_grant_id == sub_grant_id)
        reached = [(row.id, row.due_on, mark_reached((row.due_on - today).days)) for row in own]
        if new := [each for each in reached if each not in told]:
            _remind(sub_grant_id, new, actor=actor, now=now)
    return ids[-1] if len(ids) == BATCH else None


def _remind(sub_grant_id: int, marks: list[Mark], *, actor: Actor, now: datetime) -> None:
    if locked(SubGrant, sub_grant_id).reminded_on != local_date(now):
        try:
            mails.remind(sub_grant_id, actor=actor, now=now)
        except (Refused, Invalid):  # no link or no address, or somebody moved it just now: nothing is written yet
            return
    rows = [
        {"id": row_id, "duty_id": duty_id, "due_on": due_on, "mark": mark, "queued_at": now}
        for row_id, (duty_id, due_on, mark) in zip(new_ids(len(marks)), marks, strict=True)
    ]
    db.session.execute(insert_new(SubGrantDutyReminder), rows)
