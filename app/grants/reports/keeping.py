"""What went to the funder: all files of a report, locked as the next version when it is submitted, and
recognised afterwards by their fingerprint (SHA-256)."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import IO

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select

from app.audit import queries as trail
from app.audit import services as audit
from app.audit.queries import TrailLine
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.documents import files
from app.documents import services as documents
from app.documents.files import StoredFile
from app.documents.models import Document
from app.extensions import db, settings
from app.grants.obligations.models import Obligation, ObligationKind, ObligationMove, ObligationState
from app.grants.reports import pack as packs
from app.grants.reports import word
from app.grants.reports.pack import Pack
from app.grants.rows import locked
from app.ui.languages import LANGUAGES

KEPT = "grant_report"  # the kind of record that kept reports belong to: nobody replaces or removes them by hand
FORMS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_MADE, _OWN = "report", "work"  # made by us; as it went out: edited in Word, or the funder's own form filled in
_LINES = 200  # of the history of locked files that are looked through for those taken off
_NO_REPORT = (ObligationKind.AUDIT, ObligationKind.PUBLICITY)  # somebody else's paper, or no paper at all


def content(pack: Pack, form: str, template: bytes | None = None) -> bytes:
    """One of FORMS; `template` is a Word file of the funder. Slow: with no transaction open."""
    if form == "pdf":
        return packs.as_pdf(pack)
    return packs.as_xlsx(pack) if form == "xlsx" else word.as_docx(pack, template)


def name(pack: Pack, form: str) -> str:
    return f"{pack.title} {pack.line.funder}.{form}".replace("/", "-")


def bundle(pack: Pack, evidence: Sequence[Document]) -> IO[bytes]:
    """All forms and the evidence with them as one zip, in a file of the disk that goes when it is closed.

    Slow: with no transaction open.
    """
    file = tempfile.TemporaryFile(dir=settings().data_dir, prefix="report-")  # noqa: SIM115 (the caller closes it)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for form in FORMS:
            archive.writestr(files.clean(name(pack, form)), content(pack, form))
        for place, document in enumerate(evidence, 1):  # numbered: two partners may both send a "foto.jpg"
            path = f"{_('Evidence list')}/{place:02d} {files.clean(document.filename)}"
            archive.writestr(path, files.read(document.sha256))
    file.seek(0)
    return file


def evidence(pack: Pack) -> list[Document]:
    """The files that partners sent with their parts, in the order of the list of evidence."""
    ids = [each for part in pack.parts for each in part.files]
    found = {row.id: row for row in db.session.execute(select(Document).where(Document.id.in_(ids))).scalars()}
    return [found[each] for each in ids if each in found]


def make(pack: Pack) -> list[StoredFile]:
    """All forms, on disk and not attached to anything yet. Slow: before the transaction."""
    return [files.keep(content(pack, form), name(pack, form)) for form in FORMS]


def is_report(row: Obligation) -> bool:
    """Whether what goes to the funder is a report of ours: of a grant, and no auditor's or public paper."""
    return row.grant_id is not None and row.kind not in _NO_REPORT


def kept(obligation_id: int) -> list[Document]:
    """The newest version of each file that was locked."""
    return documents.documents_of(KEPT, obligation_id)


def ready_to_send(obligation_id: int) -> list[Document]:
    """What we made and locked since the funder last asked for another version: that is what is sent now."""
    return [each for each in _of_this_round(obligation_id) if each.kind == _MADE]


def _of_this_round(obligation_id: int) -> list[Document]:
    back = select(func.max(ObligationMove.at)).where(
        ObligationMove.obligation_id == obligation_id,
        ObligationMove.to_state == ObligationState.REVISION_REQUESTED.value,
    )
    since: datetime | None = db.session.execute(back).scalar()
    return [each for each in kept(obligation_id) if since is None or each.created_at > since]


def changed_since_locked(obligation_id: int) -> bool:
    """Whether the report, made now, is another one than the locked version that waits to be sent.

    The PDF tells everything, and comes out the same byte for byte; it may have been locked in either language.
    """
    waiting = {each.sha256 for each in ready_to_send(obligation_id) if each.media_type == FORMS["pdf"]}
    if not waiting:
        return False
    for language in LANGUAGES:
        with force_locale(language):
            made = packs.as_pdf(packs.gather(obligation_id))
        if hashlib.sha256(made).hexdigest() in waiting:
            return False
    return True


def to_lock(obligation_id: int) -> list[StoredFile]:
    """For a submission: the files to lock with it, made now; none where a locked version waits to be sent,
    or where the obligation is no report of ours. Before the transaction."""
    row = db.session.get(Obligation, obligation_id)
    if row is None or not is_report(row) or ready_to_send(obligation_id):
        return []
    return make(packs.gather(obligation_id))


def lock(obligation_id: int, made: Sequence[StoredFile], *, actor: Actor, now: datetime) -> None:
    """Keep these files as the next version. Inside `writing()`."""
    _lock(obligation_id, made, _MADE, actor, now)


def lock_own(obligation_id: int, file: StoredFile, *, actor: Actor, now: datetime) -> None:
    """Keep a file as it really goes out, beside what we made: one of each type. Inside `writing()`."""
    _lock(obligation_id, [file], _OWN, actor, now)


def _lock(obligation_id: int, found: Sequence[StoredFile], kind: str, actor: Actor, now: datetime) -> None:
    before = {each.media_type: each for each in kept(obligation_id) if each.kind == kind}
    for file in found:
        older = before.get(file.media_type)
        if older is None:
            documents.attach(file, (KEPT, obligation_id), kind, actor=actor, now=now)
        elif older.sha256 != file.sha256:
            documents.new_version(older.id, file, actor=actor, now=now)


def take_off(obligation_id: int, document_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """Take a file off that was locked by mistake beside what we made. Inside `writing()`.

    It stays in the history with its fingerprint and the reason; what was recorded as sent stays recorded.
    """
    locked(Obligation, obligation_id)
    found = {each.id: each for each in kept(obligation_id)}.get(document_id)
    if found is None:
        raise NotFound(N_("This file is not here (any more)."))
    if found.kind != _OWN:
        raise Refused(N_("This is what we made ourselves: it stays as it was locked."))
    if not reason.strip():
        raise Invalid(N_("Say why it is taken off."), field="note")
    told = {"file": found.filename, "version": found.number, "sha256": found.sha256, "reason": reason.strip()}
    documents.remove_version(document_id, reason=reason.strip(), actor=actor, now=now)
    audit.record("report.taken_off", ("obligation", obligation_id), actor=actor, now=now, changes=told)


def can_take_off(document: Document) -> bool:
    return document.kind == _OWN


def taken_off(obligation_id: int) -> list[TrailLine]:
    """Files that were locked and taken off, newest first: which, by whom, when and why."""
    lines = trail.trail(KEPT, obligation_id, limit=_LINES)
    return [line for line in lines if line.action == "document.removed" and line.changes]


def record_sent(obligation_id: int, *, actor: Actor, now: datetime) -> None:
    """Write the fingerprints of what went out into the trail. Inside `writing()`, after the submission."""
    made = [each for each in kept(obligation_id) if each.kind == _MADE]  # an unchanged one is not locked anew
    own = [each for each in _of_this_round(obligation_id) if each.kind == _OWN]
    if sent := {each.filename: f"{each.number} · {each.sha256}" for each in [*made, *own]}:
        audit.record("report.sent", ("obligation", obligation_id), actor=actor, now=now, changes=sent)


def recognise(obligation_id: int, sha256: str) -> Document | None:
    """The version that has this fingerprint: an older one too, and one that was taken off."""
    mine = (Document.subject_type == KEPT) & (Document.subject_id == obligation_id) & (Document.sha256 == sha256)
    found = select(Document).where(mine).order_by(Document.removed_at.is_not(None), Document.number.desc())
    return db.session.execute(found.limit(1)).scalar()
