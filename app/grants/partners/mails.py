"""Mails about what a partner owes us for a sub-grant, each with a link to its page. Inside `with writing():`.

An answer to such a mail goes to who sent it, or else to the owner of the grant.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import days, local_date
from app.base.errors import Invalid, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.grants.awards import queries as awards
from app.grants.awards.models import Grant, GrantState
from app.grants.partners import money_queries
from app.grants.partners.due import TO_DELIVER
from app.grants.partners.models import DutyState, GrantPartner, SubGrant, SubGrantDuty, SubGrantState
from app.grants.partners.sub_grants import grant_of
from app.grants.parts import tasks
from app.grants.parts.models import PartTask
from app.grants.rows import locked
from app.outbox.services import queue_mail
from app.staff.models import Staff
from app.supporters import queries as supporters

AHEAD = days(30)  # what comes due within these days may be asked for


def asked_for(row: SubGrant, grant: Grant, duties: Iterable[SubGrantDuty], today: date) -> list[SubGrantDuty]:
    """What the partner can be reminded of: what we sent back, and what is late or comes due soon."""
    if row.state is not SubGrantState.AGREED or grant.state is GrantState.CLOSED:
        return []
    theirs = [duty for duty in duties if duty.state in TO_DELIVER]
    return [duty for duty in theirs if duty.state is DutyState.RETURNED or duty.due_on <= today + AHEAD]


def address_of(partner: GrantPartner) -> str:
    """Where its mail goes: the contact's mailbox, else the organisation's; empty where neither is known."""
    return partner.contact_email or supporters.primary_emails([partner.supporter_id]).get(partner.supporter_id, "")


def has_address(sub_grant_id: int) -> bool:
    return bool(address_of(money_queries.one(sub_grant_id)[1]))


def remind(sub_grant_id: int, *, actor: Actor, now: datetime) -> None:
    """A friendly mail about what the partner has still to deliver; at most one a day."""
    row = locked(SubGrant, sub_grant_id)
    _row, partner, name = money_queries.one(sub_grant_id)
    today = local_date(now)
    grant = awards.one(partner.grant_id)[0]
    waiting = asked_for(row, grant, money_queries.duties(sub_grant_id), today)
    if not waiting:
        raise Refused(N_("There is nothing to remind them of: nothing is late or due within 30 days."))
    if row.reminded_on == today:
        raise Refused(N_("They were reminded today already. Once a day is enough."))
    address = _known_address(partner, name)
    task = tasks.hand_out(partner, address, now=now, sub_grant_id=row.id)
    tasks.check_alive(task)
    row.reminded_on = today
    _mail("grants/duty_reminder", task, {"lines": _lines(waiting)}, key=str(today), actor=actor, now=now)
    titles = {"text": ", ".join(duty.title for duty in waiting)}
    audit.record("sub_grant.partner_reminded", ("sub_grant", row.id), actor=actor, now=now, changes=titles)


def send_link(sub_grant_id: int, *, actor: Actor, now: datetime) -> None:
    """Mail the partner the link to its page; also after one was withdrawn."""
    row = locked(SubGrant, sub_grant_id)
    _row, partner, name = money_queries.one(sub_grant_id)
    if not money_queries.about(sub_grant_id).asks:
        raise Refused(N_("The partner is asked nothing before the sub-grant is agreed, or after it is closed."))
    task = tasks.hand_out(partner, _known_address(partner, name), now=now, sub_grant_id=row.id)
    task.revoked_at = None
    theirs = [duty for duty in money_queries.duties(sub_grant_id) if duty.state in TO_DELIVER]
    _mail("grants/duty_asked", task, {"lines": _lines(theirs)}, key=str(new_id()), actor=actor, now=now)
    audit.record("part_task.link_sent", task.subject, actor=actor, now=now)


def tell_returned(duty: SubGrantDuty, reason: str, *, actor: Actor, now: datetime) -> None:
    """What they sent comes back, with our words; nothing where no address is known."""
    _row, partner, _name = money_queries.one(duty.sub_grant_id)
    if not (address := address_of(partner)):
        return
    task = tasks.hand_out(partner, address, now=now, sub_grant_id=duty.sub_grant_id)
    told = {"what": duty.title, "reason": reason}
    _mail("grants/duty_returned", task, told, key=f"{duty.id}:{duty.version}", actor=actor, now=now)


def thank(duty: SubGrantDuty, *, actor: Actor, now: datetime) -> None:
    """Everything they owed is accepted: say so, and until when the page still opens."""
    task = tasks.of_sub_grant(duty.sub_grant_id)
    if task is None or task.revoked_at is not None or tasks.ends_at(task) is None:
        return
    data = {"days": tasks.KEEP.days}
    _mail("grants/duty_accepted", task, data, key=f"{duty.id}:{duty.version}", actor=actor, now=now)


def tell_delivered(duty: SubGrantDuty, *, now: datetime) -> None:
    """A partner handed something over: mail the owner of the grant."""
    about = money_queries.about(duty.sub_grant_id)
    person = _owner(duty.sub_grant_id)
    if person is None:
        return
    data = {
        "name": person.name,
        "partner": about.partner,
        "what": duty.title,
        "sub_grant": about.title,
        "grant": about.grant,
        "duty_id": duty.id,
    }
    key = f"grants/duty_delivered:{duty.id}:{duty.version}"
    queue_mail("grants/duty_delivered", person.email, data, language=person.language, now=now, key=key)


def _lines(duties: Iterable[SubGrantDuty]) -> list[dict[str, str]]:
    return [{"title": duty.title, "due_on": duty.due_on.isoformat()} for duty in duties]


def _known_address(partner: GrantPartner, name: str) -> str:
    """Raises Invalid where none is known."""
    if not (address := address_of(partner)):
        raise Invalid(N_("%(partner)s has no e-mail address yet. Fill it in with the partner first."), partner=name)
    return address


def _owner(sub_grant_id: int) -> Staff | None:
    """Who owns the grant, if that person still works here."""
    person = db.session.get(Staff, grant_of(sub_grant_id).owner_id or 0)
    return person if person is not None and person.active else None


def _mail(template: str, task: PartTask, told: dict[str, Any], *, key: str, actor: Actor, now: datetime) -> None:
    sender = db.session.get(Staff, actor.id) if actor.kind == "staff" and actor.id else _owner(task.sub_grant_id or 0)
    tasks.mail(
        [task],
        template,
        now=now,
        key=f"{template}:{key}",
        data={"sender": sender.name if sender else "", **told},
        headers={"Reply-To": sender.email} if sender else {},
    )
