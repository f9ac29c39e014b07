"""Mails to a partner's contact about what it owes us for a sub-grant. Inside `with writing():`.

A partner has no page of its own for this: the mail asks to be answered, and the answer goes to who sent it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import days, local_date
from app.base.errors import Invalid, Refused
from app.base.states import N_
from app.extensions import db
from app.grants.awards import queries as awards
from app.grants.awards.models import Grant, GrantState
from app.grants.partners import money_queries
from app.grants.partners.due import TO_DELIVER
from app.grants.partners.models import DutyState, GrantPartner, SubGrant, SubGrantDuty, SubGrantState
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
    if not address_of(partner):
        raise Invalid(N_("%(partner)s has no e-mail address yet. Fill it in with the partner first."), partner=name)
    row.reminded_on = today
    lines = [{"title": duty.title, "due_on": duty.due_on.isoformat()} for duty in waiting]
    _mail("grants/duty_reminder", row, partner, {"lines": lines}, key=f"{row.id}:{today}", actor=actor, now=now)
    titles = {"text": ", ".join(duty.title for duty in waiting)}
    audit.record("sub_grant.partner_reminded", ("sub_grant", row.id), actor=actor, now=now, changes=titles)


def tell_returned(duty: SubGrantDuty, reason: str, *, actor: Actor, now: datetime) -> None:
    """What they sent comes back, with our words; nothing where no address is known."""
    row, partner, _name = money_queries.one(duty.sub_grant_id)
    told = {"what": duty.title, "reason": reason}
    _mail("grants/duty_returned", row, partner, told, key=f"{duty.id}:{duty.version}", actor=actor, now=now)


def _mail(
    template: str, row: SubGrant, partner: GrantPartner, told: dict[str, Any], *, key: str, actor: Actor, now: datetime
) -> None:
    address = address_of(partner)
    if not address:
        return
    sender = db.session.get(Staff, actor.id) if actor.kind == "staff" and actor.id else None
    data = {
        "name": partner.contact_name,
        "sub_grant": row.title,
        "funder": awards.one(partner.grant_id)[1].funder,
        "sender": sender.name if sender else "",
    }
    queue_mail(
        template,
        address,
        data | told,
        language=partner.language,
        now=now,
        key=f"{template}:{key}",
        headers={"Reply-To": sender.email} if sender else {},
    )
