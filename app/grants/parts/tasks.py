"""A partner's task: its link, the mails about it, and the end of both. Inside `with writing():`.

A task is for the parts of one report, or for what is owed to us for one sub-grant. The link opens as often as
needed until 30 days after the last of it is done, shows that and nothing else, and can be revoked. Each mail
carries a link of its own, since only hashes are stored; all of them open the same task and end together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.funders.models import Funder
from app.grants.obligations.models import Obligation
from app.grants.partners.models import DutyState, GrantPartner, SubGrant, SubGrantDuty, SubGrantDutyMove
from app.grants.parts.models import DONE, WITH_PARTNER, PartChain, PartTask, ReportPart, TaskCode, TaskDevice
from app.grants.rows import locked
from app.links import services as links
from app.outbox.services import Mail, queue_mails
from app.supporters import queries as supporters
from app.supporters.models import Supporter

PURPOSE = "grants.part_task"
KEEP = timedelta(days=30)  # after the last part is done


def get(task_id: int) -> PartTask:
    """The task, or NotFound."""
    task = db.session.get(PartTask, task_id)
    if task is None:
        raise NotFound(N_("This is not here, or not any more."))
    return task


def of_report(task_id: int) -> tuple[PartTask, int]:
    """The task and the obligation whose parts it is for; NotFound for any other."""
    task = get(task_id)
    if task.obligation_id is None:
        raise NotFound(N_("This is not here, or not any more."))
    return task, task.obligation_id


def of_sub_grant(sub_grant_id: int) -> PartTask | None:
    """The task for what a partner owes us, once it was mailed something."""
    return db.session.execute(select(PartTask).where(PartTask.sub_grant_id == sub_grant_id)).scalar_one_or_none()


def page_of(sub_grant_id: int) -> tuple[PartTask, int] | None:
    """The partner's page for a sub-grant, once its link was mailed, and how many devices opened it."""
    known = select(func.count()).where(TaskDevice.task_id == PartTask.id).scalar_subquery()
    found = db.session.execute(select(PartTask, known).where(PartTask.sub_grant_id == sub_grant_id)).first()
    return (found[0], found[1]) if found else None


def hand_out(partner: GrantPartner, email: str, *, now: datetime, **of: int) -> PartTask:
    """The partner's task for this `obligation_id` or `sub_grant_id`, which is held: the one there is, else a new
    one. It is with the contact of this moment."""
    mine = select(PartTask).filter_by(partner_id=partner.id, **of)
    task = db.session.execute(mine).scalar_one_or_none()
    if task is None:
        task = PartTask(partner_id=partner.id, email=email, asked_at=now, **of)
        db.session.add(task)
    hand_to(task, partner, email, now=now)
    db.session.flush()
    return task


def look(token: str, *, now: datetime) -> tuple[PartTask, bool]:
    """The task behind a link, and whether it still opens; using it changes nothing. Raises NotFound for no link."""
    task = get(links.look(PURPOSE, token, now=now).subject_id)
    end = ends_at(task)
    return task, task.revoked_at is None and (end is None or end > now)


def ends_at(task: PartTask) -> datetime | None:
    """When its link stops working; None as long as a part is open."""
    if task.sub_grant_id is not None:
        done, since = SubGrantDuty.state.in_((DutyState.ACCEPTED, DutyState.WAIVED)), SubGrantDutyMove.at
        standing = select(func.count().filter(~done), func.max(since)).select_from(SubGrantDuty)
        standing = standing.join(SubGrantDutyMove, SubGrantDutyMove.duty_id == SubGrantDuty.id)
        standing = standing.where(SubGrantDuty.sub_grant_id == task.sub_grant_id)
    else:
        mine = (ReportPart.obligation_id == task.obligation_id) & (ReportPart.partner_id == task.partner_id)
        left = func.count().filter(ReportPart.state.not_in(DONE))
        standing = select(left, func.max(ReportPart.state_since)).where(mine)
    still_open, last = db.session.execute(standing).one()
    if still_open:
        return None
    return (last or task.asked_at) + KEEP


def mail(
    tasks: Sequence[PartTask],
    template: str,
    *,
    now: datetime,
    key: str,
    data: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> int:
    """Queue a mail about each task to the partner's contact of this moment, with a link (`token` is empty where
    that was withdrawn). The key, with the task's id, makes it one mail."""
    _follow_contacts(tasks, now)
    subjects = _subjects(tasks)
    mails = []
    for task in tasks:
        token = ""
        if task.revoked_at is None:
            token = links.issue(PURPOSE, task.id, now=now, lifetime=None, single_use=False)
        told = {"name": task.name, "token": token, **subjects[task.subject], **(data or {})}
        one = Mail(template=template, to=task.email, language=task.language, key=f"{key}:{task.id}", data=told)
        mails.append(replace(one, headers=headers or {}))
    queue_mails(mails, now=now)
    return len(mails)


def hand_to(task: PartTask, partner: GrantPartner, email: str, *, now: datetime) -> None:
    """From now on the task is with this contact. With another mailbox the links and devices of the one before end."""
    if email.casefold() != task.email.casefold():
        _end(task, now)
    task.name, task.email, task.language = partner.contact_name, email, partner.language


def remind(task_id: int, *, actor: Actor, now: datetime) -> None:
    """A friendly mail about what is still to come; at most one a day."""
    task = locked(PartTask, task_id)
    today = local_date(now)
    check_alive(task)
    mine = (ReportPart.obligation_id == task.obligation_id) & (ReportPart.partner_id == task.partner_id)
    titles = select(ReportPart.title).where(mine, ReportPart.state.in_(WITH_PARTNER)).order_by(ReportPart.position)
    waiting = list(db.session.execute(titles).scalars())
    if not waiting:
        raise Refused(N_("There is nothing to remind them of: it is our turn."))
    if task.reminded_on == today:
        raise Refused(N_("They were reminded today already. Once a day is enough."))
    task.reminded_on = today
    mail([task], "grants/part_reminder", now=now, key=f"grants.part_reminder:{today}", data={"titles": waiting})
    audit.record("part_task.reminded", task.subject, actor=actor, now=now)


def send_again(task_id: int, *, actor: Actor, now: datetime) -> None:
    """A fresh link to the partner's contact; also after one was revoked."""
    task = locked(PartTask, task_id)
    task.revoked_at = None
    db.session.flush()
    mail([task], "grants/part_asked", now=now, key=f"grants.part_asked:{new_id()}")
    audit.record("part_task.link_sent", task.subject, actor=actor, now=now)


def revoke(task_id: int, *, actor: Actor, now: datetime) -> None:
    """Make every link and every confirmed device of this task useless from now on."""
    task = locked(PartTask, task_id)
    task.revoked_at = now
    _end(task, now)
    audit.record("part_task.revoked", task.subject, actor=actor, now=now)


def withdraw(sub_grant_id: int, *, actor: Actor, now: datetime) -> None:
    """Revoke the task of a sub-grant, if there is one that still opens."""
    task = of_sub_grant(sub_grant_id)
    if task is not None and task.revoked_at is None:
        revoke(task.id, actor=actor, now=now)


def _end(task: PartTask, now: datetime) -> None:
    links.revoke(PURPOSE, task.id, now=now)
    for model in (TaskDevice, TaskCode):
        db.session.execute(delete(model).where(model.task_id == task.id))


def _follow_contacts(tasks: Sequence[PartTask], now: datetime) -> None:
    """Who answers for the partner may be somebody else by now. A partner without any address keeps the last one."""
    ids = [task.partner_id for task in tasks]
    found = db.session.execute(select(GrantPartner).where(GrantPartner.id.in_(ids)).order_by(GrantPartner.id))
    partners = {row.id: row for row in found.scalars()}
    known = supporters.primary_emails([row.supporter_id for row in partners.values()])
    for task in tasks:
        row = partners[task.partner_id]
        hand_to(task, row, row.contact_email or known.get(row.supporter_id) or task.email, now=now)


def check_alive(task: PartTask) -> None:
    """Refuse to remind somebody whose link was withdrawn."""
    if task.revoked_at is not None:
        raise Refused(N_("This link was withdrawn. Send a new one first."))


def _subjects(tasks: Sequence[PartTask]) -> dict[tuple[str, int], dict[str, Any]]:
    """What a mail says about each thing that tasks are for, as JSON."""
    reports = {task.obligation_id for task in tasks if task.obligation_id is not None}
    owed = {task.sub_grant_id for task in tasks if task.sub_grant_id is not None}
    return (_reports(reports) if reports else {}) | (_sub_grants(owed) if owed else {})


def _reports(obligation_ids: set[int]) -> dict[tuple[str, int], dict[str, Any]]:
    chosen = select(
        Obligation.id, Obligation.kind, Obligation.title, Grant.title, Supporter.display_name, PartChain.partner_due_on
    )
    chosen = _with_funder(chosen.join(Grant, Grant.id == Obligation.grant_id))
    chosen = chosen.outerjoin(PartChain, PartChain.obligation_id == Obligation.id)
    return {
        ("obligation", row_id): {
            "kind": kind.label,
            "title": title,
            "grant": grant,
            "funder": funder,
            "due_on": due_on.isoformat() if due_on else "",
        }
        for row_id, kind, title, grant, funder, due_on in db.session.execute(
            chosen.where(Obligation.id.in_(obligation_ids))
        )
    }


def _sub_grants(sub_grant_ids: set[int]) -> dict[tuple[str, int], dict[str, Any]]:
    chosen = select(SubGrant.id, SubGrant.title, Grant.title, Supporter.display_name)
    chosen = chosen.join(GrantPartner, GrantPartner.id == SubGrant.partner_id)
    chosen = _with_funder(chosen.join(Grant, Grant.id == GrantPartner.grant_id))
    return {
        ("sub_grant", row_id): {"sub_grant": title, "grant": grant, "funder": funder}
        for row_id, title, grant, funder in db.session.execute(chosen.where(SubGrant.id.in_(sub_grant_ids)))
    }


def _with_funder(chosen: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return chosen.join(Funder, Funder.id == Grant.funder_id).join(Supporter, Supporter.id == Funder.supporter_id)
