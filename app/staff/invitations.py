"""Inviting somebody to the team: a single-use link by mail, good for a week, revocable."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.links import services as links
from app.outbox.services import queue_mail
from app.staff import services
from app.staff.models import Staff, Standing
from app.ui.permissions import Role

PURPOSE = "staff.invitation"
LIFETIME = timedelta(days=7)


def invite(name: str, email: str, role: Role, *, language: str = "nl", actor: Actor, now: datetime) -> int:
    """Make the account and mail the invitation. The id."""
    staff_id = services.create_account(name, email, role, language=language, actor=actor, now=now)
    _send(services.account(staff_id), now)
    return staff_id


def issue(staff_id: int, *, now: datetime) -> str:
    """The token of a link to hand over by other means than mail (`flask init` prints it)."""
    return links.issue(PURPOSE, _invited(staff_id).id, now=now, lifetime=LIFETIME)


def resend(staff_id: int, *, actor: Actor, now: datetime) -> None:
    """Mail a fresh link; the links sent before stop working."""
    staff = _invited(staff_id)
    links.revoke(PURPOSE, staff_id, now=now)
    _send(staff, now)
    audit.record("staff.invited_again", ("staff", staff_id), actor=actor, now=now)


def withdraw(staff_id: int, *, actor: Actor, now: datetime) -> None:
    """The link stops working and the account closes; reactivate and resend to change one's mind."""
    _invited(staff_id)
    links.revoke(PURPOSE, staff_id, now=now)
    services.deactivate(staff_id, actor=actor, now=now)


def look(token: str, *, now: datetime) -> Staff:
    """Who is invited by this link; does not use it up. NotFound unless it is good."""
    return _open(links.look(PURPOSE, token, now=now).subject_id)


def accept(token: str, name: str, password_hash: str, *, now: datetime) -> int:
    """Use the link: the person says how they are called and gets a password. Once, of many at once."""
    staff_id = links.consume(PURPOSE, token, now=now).subject_id
    staff = _open(staff_id)
    staff.name = name.strip()
    staff.password_hash = password_hash
    audit.record("staff.invitation_accepted", ("staff", staff_id), actor=Actor("staff", staff_id), now=now)
    return staff_id


def _open(staff_id: int) -> Staff:
    staff = services.account(staff_id)
    if staff.standing is not Standing.INVITED:
        raise NotFound(N_("This link does not work any more. Ask for a new one."))
    return staff


def _invited(staff_id: int) -> Staff:
    staff = services.account(staff_id)
    if staff.standing is not Standing.INVITED:
        raise Refused(N_("This invitation is not open any more."))
    return staff


def _send(staff: Staff, now: datetime) -> None:
    token = issue(staff.id, now=now)
    queue_mail(
        "staff/invitation",
        staff.email,
        {"name": staff.name, "token": token},
        language=staff.language,
        now=now,
        key=f"staff.invitation:{staff.id}:{new_id()}",
    )
