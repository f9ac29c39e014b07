"""What a partner hands over on its page, a note and files with a duty. Inside `with writing():`."""

from __future__ import annotations

from datetime import datetime

from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.documents import services as documents
from app.documents.files import StoredFile
from app.documents.models import Document
from app.grants.partners import duties, mails, money_queries
from app.grants.partners.due import TO_DELIVER
from app.grants.partners.models import DutyState, SubGrantDuty
from app.grants.partners.money_queries import FILES_OF
from app.grants.rows import check_version

MOST_FILES = 20


def save(duty_id: int, note: str, *, submit: bool, version: int | None, actor: Actor, now: datetime) -> None:
    """Keep the note as a draft, or deliver it with the files. Raises Stale when somebody else saved meanwhile."""
    duty = _theirs(duty_id)
    check_version(duty.version, version)
    duty.note = note
    if not submit:
        duty.version += 1
        return
    if not note and not documents.documents_of(FILES_OF, duty_id):
        raise Invalid(N_("Add a file first, or write a note."), field="note")
    duties.shift(duty, DutyState.DELIVERED, note=note, actor=actor, now=now)
    mails.tell_delivered(duty, now=now)


def attach(duty_id: int, file: StoredFile, *, actor: Actor, now: datetime) -> Document:
    """Keep a stored file with what is not delivered yet."""
    duties.held(duty_id)
    kept = documents.documents_of(FILES_OF, duty_id)
    if same := documents.same_in(kept, file):
        return same
    _theirs(duty_id)
    if len(kept) >= MOST_FILES:
        raise Invalid(N_("At most %(most)s files for one part."), field="file", most=MOST_FILES)
    return documents.attach(file, (FILES_OF, duty_id), "part", actor=actor, now=now)


def take_off(duty_id: int, document_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a file off what is not delivered yet."""
    _theirs(duty_id)
    if document_id not in {each.id for each in documents.documents_of(FILES_OF, duty_id)}:
        raise NotFound(N_("This file is not here (any more)."))
    documents.remove(document_id, actor=actor, now=now)


def _theirs(duty_id: int) -> SubGrantDuty:
    """The duty, held, while it is the partner's turn."""
    duty = duties.held(duty_id)
    if duty.state not in TO_DELIVER:
        raise Refused(N_("This part is %(now)s: it cannot be changed now."), now=duty.state.label)
    if not money_queries.about(duty.sub_grant_id).asks:
        raise Refused(N_("This grant is closed: nothing more is asked of you."))
    return duty
