"""Forgotten passwords: a single-use link by mail, good for a quarter of an hour.

Asking does the same work for every address: one job with the sealed address. Whether there
is an account is found out by the worker, so neither the page nor its timing tells.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import PUBLIC, Actor
from app.base.errors import NotFound
from app.base.ids import new_id
from app.base.states import N_
from app.base.works import Payload, job
from app.extensions import db, now, writing
from app.jobs.services import enqueue
from app.links import services as links
from app.outbox.services import queue_mail
from app.staff import services
from app.staff.models import Staff, Standing, email_key
from app.vault.services import seal, unseal

PURPOSE = "staff.reset"
LIFETIME = timedelta(minutes=15)
_CONTEXT = "staff.reset.address"


def ask(email: str, *, now: datetime) -> None:
    """Have the worker mail a link to this address, should it belong to an open account."""
    sealed = base64.b64encode(seal(email_key(email), _CONTEXT)).decode()
    enqueue("staff.send_reset", {"address": sealed}, now=now)


def issue(staff_id: int, *, actor: Actor, now: datetime) -> str:
    """A token for this person; those made before stop working."""
    audit.record("staff.reset_asked", ("staff", staff_id), actor=actor, now=now)
    links.revoke(PURPOSE, staff_id, now=now)
    return links.issue(PURPOSE, staff_id, now=now, lifetime=LIFETIME)


@job("staff.send_reset")
def send(payload: Payload) -> None:
    """Mail the link, where there is an open account with a password."""
    key = unseal(base64.b64decode(payload["address"]), _CONTEXT)
    at = now()
    with writing():
        staff = db.session.scalar(select(Staff).where(Staff.email_key == key))
        if staff is None or staff.standing is not Standing.ACTIVE:
            return
        token = issue(staff.id, actor=PUBLIC, now=at)
        queue_mail(
            "staff/reset",
            staff.email,
            {"name": staff.name, "token": token},
            language=staff.language,
            now=at,
            key=f"staff.reset:{staff.id}:{new_id()}",
        )


def look(token: str, *, now: datetime) -> Staff:
    """Whose link this is; does not use it up. NotFound unless it is good."""
    return _open(links.look(PURPOSE, token, now=now).subject_id)


def complete(token: str, password_hash: str, *, now: datetime) -> int:
    """Use the link and store the password; every session of this person ends. The id."""
    staff_id = links.consume(PURPOSE, token, now=now).subject_id
    _open(staff_id)
    services.set_password(staff_id, password_hash, actor=Actor("staff", staff_id, "reset"), now=now)
    return staff_id


def _open(staff_id: int) -> Staff:
    staff = services.account(staff_id)
    if staff.standing is not Standing.ACTIVE:
        raise NotFound(N_("This link does not work any more. Ask for a new one."))
    return staff
