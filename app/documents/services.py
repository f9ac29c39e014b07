"""Attaching stored files to records, and taking them off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from app.audit.services import changes_of, record
from app.base.actor import Actor
from app.base.errors import NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.documents.erasing import hold
from app.documents.files import StoredFile, keep, renamed
from app.documents.models import Document, DocumentKind
from app.extensions import db
from app.ui.permissions import Permission

__all__ = [
    "attach",
    "change",
    "documents_of",
    "keep",
    "new_version",
    "permission_for",
    "protect",
    "protected",
    "remove",
    "remove_version",
    "same_in",
    "writers_of",
]

_permissions: dict[str, Permission] = {}
_writers: dict[str, Permission] = {}
_named: set[str] = set()


def protect(
    subject_type: str, permission: Permission, write: Permission | None = None, *, of_person: bool = False
) -> None:
    """Say, at start, which permission opens the files of a kind of record (without it nobody can), and
    which one adds, replaces and takes off files on their own pages (without it: the room's pages alone).
    What files `of_person` are called stays out of the trail, which outlives erasure."""
    _permissions[subject_type] = permission
    if not of_person:
        _named.add(subject_type)
    if write is not None:
        _writers[subject_type] = write


def permission_for(subject_type: str) -> Permission | None:
    return _permissions.get(subject_type)


def writers_of(subject_type: str) -> Permission | None:
    return _writers.get(subject_type)


def protected() -> dict[str, Permission]:
    """The kinds of record that hold files, and who may open them."""
    return dict(_permissions)


def attach(file: StoredFile, subject: tuple[str, int], kind: str, *, actor: Actor, now: datetime) -> Document:
    """Attach a file that `keep()` stored to a record, inside `writing()`."""
    hold(file)
    document = Document(
        id=new_id(),
        subject_type=subject[0],
        subject_id=subject[1],
        kind=kind,
        filename=file.filename,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        created_at=now,
        created_by_id=actor.id,
    )
    db.session.add(document)
    told = _called(subject[0], file.filename) | {"kind": kind, "sha256": file.sha256}
    record("document.attached", subject, actor=actor, now=now, changes=told)
    return document


def new_version(document_id: int, file: StoredFile, *, actor: Actor, now: datetime) -> Document:
    """Put a newer file in the place of this one, which is kept as an older version.

    Raises Refused where somebody else replaced it meanwhile or the file is the same.
    """
    old = _current(document_id)
    if old.sha256 == file.sha256:
        raise Refused(N_("This is the very same file: nothing changed."))
    hold(file)
    document = Document(
        id=new_id(),
        subject_type=old.subject_type,
        subject_id=old.subject_id,
        kind=old.kind,
        filename=file.filename,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        created_at=now,
        created_by_id=actor.id,
        first_id=old.family,
        number=_newest_number(old) + 1,
    )
    old.replaced_at = now
    db.session.add(document)
    told = _called(old.subject_type, file.filename) | {"version": document.number, "sha256": file.sha256}
    record("document.replaced", ("document", old.family), actor=actor, now=now, changes=told)
    return document


def _newest_number(document: Document) -> int:
    """Of all versions there ever were: a number that was taken off is not given again."""
    numbers = select(func.max(Document.number)).where(_family(document))
    return int(db.session.execute(numbers).scalar_one())


def _family(document: Document) -> ColumnElement[bool]:
    return or_(Document.id == document.family, Document.first_id == document.family)


def change(document_id: int, *, filename: str, kind: DocumentKind, actor: Actor, now: datetime) -> None:
    """Call it otherwise, or say it is something else. The ending stays what the content is."""
    document = _current(document_id)
    document.filename, document.kind = renamed(filename, document.media_type), kind.value
    changes = changes_of(document)
    if document.subject_type not in _named and "filename" in changes:
        changes["filename"] = ["…", "…"]
    if changes:
        record("document.changed", ("document", document.family), actor=actor, now=now, changes=changes)


def _called(subject_type: str, filename: str) -> dict[str, object]:
    return {"file": filename} if subject_type in _named else {}


def _current(document_id: int) -> Document:
    document = db.session.get(Document, document_id, with_for_update=True, populate_existing=True)
    if document is None or document.removed_at is not None:
        raise NotFound(N_("This file is not here (any more)."))
    if document.replaced_at is not None:
        raise Refused(N_("There is a newer version of this file. Look at that one first."))
    return document


def remove(document_id: int, *, reason: str = "", actor: Actor, now: datetime) -> None:
    """Take a file off its record. The file itself stays on disk until retention ends. Raises NotFound."""
    document = db.session.get(Document, document_id)
    if document is None or document.removed_at is not None:
        raise NotFound(N_("This file is not here (any more)."))
    document.removed_at = now
    subject = (document.subject_type, document.subject_id)
    told = _called(document.subject_type, document.filename) | {"sha256": document.sha256}
    told |= {"reason": reason} if reason else {}
    record("document.removed", subject, actor=actor, now=now, changes=told)


def remove_version(document_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take the newest version off alone: the one before it, where there is one, stands again.

    Raises NotFound, and Refused where there is a newer one.
    """
    document = _current(document_id)
    remove(document_id, reason=reason, actor=actor, now=now)
    db.session.flush()
    left = select(Document).where(_family(document), Document.removed_at.is_(None)).order_by(Document.number.desc())
    if before := db.session.execute(left.limit(1)).scalar():
        before.replaced_at = None


def documents_of(subject_type: str, subject_id: int) -> list[Document]:
    """The files of a record in their newest version, oldest first."""
    mine = (Document.subject_type == subject_type) & (Document.subject_id == subject_id)
    current = Document.removed_at.is_(None) & Document.replaced_at.is_(None)
    query = select(Document).where(mine, current).order_by(Document.created_at, Document.id)
    return list(db.session.execute(query).scalars())


def same_in(kept: Iterable[Document], file: StoredFile) -> Document | None:
    """The one of these with the content and the name of the file: its button was pressed twice."""
    return next((each for each in kept if (each.sha256, each.filename) == (file.sha256, file.filename)), None)
