"""Another e-mail address for a donor: it counts once it was confirmed from that mailbox. Inside `with writing():`.

The address before is told at once, with a link for who did not ask for this. Whether the new address is known of
somebody else shows nowhere: a couple may share one, and who confirms it can read its mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.audit import services as audit
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db, settings
from app.links import services as links
from app.outbox.services import queue_mail
from app.portal import entering, sessions
from app.portal.entering import DONOR
from app.portal.sessions import Donor
from app.supporters import mailboxes, queries
from app.supporters.contact import email_key
from app.supporters.contact_models import Email
from app.supporters.models import Supporter
from app.supporters.services import loaded
from app.tasks import services as tasks
from app.tasks.models import Priority
from app.tasks.services import NewTask

CONFIRM, NOT_ME = "portal.new_email", "portal.not_me"  # of both the subject is the supporter
LIFETIME = timedelta(hours=24)
NOT_ME_LIFETIME = timedelta(days=7)
_TITLES = {  # of the task for staff, by whether the new address counted already
    "nl": {
        True: "Donateur vroeg niet om het nieuwe e-mailadres dat nu geldt: bel en ga na wie het is",
        False: "Donateur vroeg niet om een ander e-mailadres: niets is veranderd, neem contact op",
    },
    "en": {
        True: "A donor did not ask for the new e-mail address that now counts: call and check who it is",
        False: "A donor did not ask for another e-mail address: nothing was changed, get in touch",
    },
}
_OVER = N_("This link does not work any more. Ask for the change once more on your page.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that waits: the new address, the row of the one it replaces, and the visit it was asked in."""

    supporter_id: int
    address: str
    email_id: int
    session_id: int


def ask(donor: Donor, address: str, *, now: datetime) -> None:
    """Mail a link to the new (checked) address, and tell the present one. Nothing changes yet. Raises Invalid."""
    supporter = loaded(donor.id)
    if email_key(address) == email_key(donor.email):
        raise Invalid(N_("This is the address already."), field="email")
    forget(donor, now=now)
    data = {"address": address, "email_id": str(donor.email_id), "session_id": str(donor.session_id)}
    token = links.issue(CONFIRM, donor.id, now=now, lifetime=LIFETIME, data=data)
    stop = links.issue(NOT_ME, donor.id, now=now, lifetime=NOT_ME_LIFETIME, data={"email_id": str(donor.email_id)})
    told = {"salutation": supporter.salutation(), "hours": int(LIFETIME.total_seconds() // 3600)}
    for template, to, token_of in (("confirm_email", address, token), ("email_asked", donor.email, stop)):
        queue_mail(f"portal/{template}", to, told | {"token": token_of}, language=donor.language, now=now,
                   key=f"portal/{template}:{new_id()}", person_id=donor.id)  # fmt: skip
    audit.record("portal.email_asked", ("supporter", donor.id), actor=DONOR, now=now, person_id=donor.id,
                 changes={"email": [donor.email, address]})  # fmt: skip


def waits(donor: Donor, *, now: datetime) -> str:
    """The new address that was not confirmed yet, or nothing."""
    found = links.waiting(CONFIRM, donor.id, now=now)
    return str(found.data["address"]) if found else ""


def forget(donor: Donor, *, now: datetime) -> None:
    """Let the change that waits be."""
    links.revoke(CONFIRM, donor.id, now=now)


def look(token: str, *, now: datetime) -> Asked:
    """What the link from the new mailbox would change, without changing it. Raises NotFound."""
    return _asked(links.look(CONFIRM, token, now=now))


def confirm(token: str, visitor: Donor | None, *, browser: str, now: datetime) -> str:
    """The new address counts from now. Every visit ends; the token of a fresh one for the browser that asked, else
    nothing. Raises NotFound for a link that is over, and where another address counts since it was asked."""
    asked = _asked(links.consume(CONFIRM, token, now=now))
    supporter, old = loaded(asked.supporter_id), db.session.get_one(Email, asked.email_id)
    mailboxes.replace(supporter, old.address, asked.address, "confirmed by link", actor=DONOR, now=now)
    db.session.flush()
    links.revoke(entering.PURPOSE, asked.email_id, now=now)
    sessions.end_all(supporter.id, now=now)
    if visitor is None or visitor.session_id != asked.session_id:
        return ""
    box = queries.primary_email(supporter.id)
    return sessions.start(supporter.id, box.id, browser=browser, now=now) if box else ""


def object_to(token: str, *, now: datetime) -> bool:
    """Whoever reads the old mailbox did not ask for this: nothing is confirmed any more, every visit ends, and staff
    look into it. True where the new address counted already. Raises NotFound."""
    view = links.consume(NOT_ME, token, now=now)
    supporter_id = view.subject_id
    links.revoke(CONFIRM, supporter_id, now=now)
    sessions.end_all(supporter_id, now=now)
    row = db.session.get(Email, int(view.data["email_id"]))
    if row is not None:
        links.revoke(entering.PURPOSE, row.id, now=now)
    changed = row is None or not row.is_primary
    audit.record("portal.email_refused", ("supporter", supporter_id), actor=DONOR, now=now)
    title = _TITLES[settings().default_language][changed]
    wanted = NewTask(title=title, due_on=local_date(now), source_key=f"portal.not_me:{view.id}",
                     priority=Priority.HIGH, subject=("supporter", supporter_id))  # fmt: skip
    tasks.add_new([wanted], actor=DONOR, now=now)
    return changed


def _asked(view: links.LinkView) -> Asked:
    data = view.data
    asked = Asked(view.subject_id, data["address"], int(data["email_id"]), int(data["session_id"]))
    supporter, old = db.session.get(Supporter, asked.supporter_id), db.session.get(Email, asked.email_id)
    if supporter is None or not supporter.is_active or supporter.is_deceased:
        raise NotFound(_OVER)
    if old is None or old.supporter_id != supporter.id or not old.is_primary:
        raise NotFound(_OVER)
    return asked
