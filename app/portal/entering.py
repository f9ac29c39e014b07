"""Links into Mijn giften: asked for by e-mail address, mailed, used once. Inside `with writing():`.

A link goes only to the address that a supporter is written at now, so that somebody who lost a
mailbox cannot be entered from it. Whether an address is known shows nowhere: the answer is the same,
the same is written, and one mail is sent either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import NotFound
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.links import services as links
from app.outbox.services import queue_mail
from app.portal import sessions
from app.supporters.contact import email_key
from app.supporters.contact_models import Email
from app.supporters.models import Supporter

PURPOSE = "portal.enter"  # its subject is the row of the e-mail address
NOBODY = 0
LIFETIME = timedelta(minutes=15)
MOST = 5  # records of one mailbox: a couple, a firm
DONOR = Actor("public", None, "donor")
_OVER = N_("This link does not work any more. Ask for a new one.")


@dataclass(frozen=True, slots=True)
class Whose:
    """The record that a link opens. `name` is shown to nobody before it is used."""

    email_id: int
    supporter_id: int
    name: str
    language: str


def ask(address: str, language: str, *, now: datetime) -> None:
    """Mail links for the records that are written at this (checked) address, or a mail that there are none."""
    found = _records(address)
    made = [
        {"name": each.name, "token": links.issue(PURPOSE, each.email_id, now=now, lifetime=LIFETIME)} for each in found
    ]
    if not found:  # the same work as for a known address
        links.issue(PURPOSE, NOBODY, now=now, lifetime=LIFETIME)
    spoken = found[0].language if found else language
    data = {"links": made, "minutes": int(LIFETIME.total_seconds() // 60)}
    queue_mail("portal/link", address, data, language=spoken, now=now, key=f"portal/link:{new_id()}",
               person_id=found[0].supporter_id if len(found) == 1 else None)  # fmt: skip


def look(token: str, *, now: datetime) -> Whose:
    """Whose page the link opens, without using it up. Raises NotFound."""
    return _whose(links.look(PURPOSE, token, now=now).subject_id)


def enter(token: str, *, browser: str, now: datetime) -> tuple[str, int]:
    """Use the link: the token of a fresh session and the supporter. Other links to the same page stop working.
    Raises NotFound for one that is over, used or not ours."""
    whose = _whose(links.consume(PURPOSE, token, now=now).subject_id)
    links.revoke(PURPOSE, whose.email_id, now=now)
    opened = sessions.start(whose.supporter_id, whose.email_id, browser=browser, now=now)
    audit.record("portal.entered", ("supporter", whose.supporter_id), actor=DONOR, now=now)
    return opened, whose.supporter_id


def _written_at() -> tuple[object, ...]:
    """What holds for a mailbox that opens a page: it is in use, of somebody who is with us."""
    return (
        Email.is_primary,
        Supporter.merged_into_id.is_(None),
        Supporter.anonymised_at.is_(None),
        Supporter.is_deceased.is_(False),
    )


def _records(address: str) -> list[Whose]:
    rows = (
        select(Email.id, Email.supporter_id, Supporter.display_name, Supporter.language)
        .join(Supporter, Supporter.id == Email.supporter_id)
        .where(Email.address_key == email_key(address), *_written_at())  # type: ignore[arg-type]
        .order_by(Supporter.id)
        .limit(MOST)
    )
    return [Whose(row[0], row[1], row[2], row[3].value) for row in db.session.execute(rows).all()]


def _whose(email_id: int) -> Whose:
    row = db.session.execute(
        select(Email.id, Email.supporter_id, Supporter.display_name, Supporter.language)
        .join(Supporter, Supporter.id == Email.supporter_id)
        .where(Email.id == email_id, *_written_at())  # type: ignore[arg-type]
    ).first()
    if row is None:
        raise NotFound(_OVER)
    return Whose(row[0], row[1], row[2], row[3].value)
