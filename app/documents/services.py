"""Attaching stored files to records, and taking them off."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.audit.services import record
from app.base.actor import Actor
from app.base.errors import NotFound
from app.base.ids import new_id
from app.base.states import N_
from app.documents.files import StoredFile, keep
from app.documents.models import Document
from app.extensions import db
from app.ui.permissions import Permission

__all__ = ["attach", "documents_of", "keep", "permission_for", "protect", "remove"]

_permissions: dict[str, Permission] = {}


def protect(subject_type: str, permission: Permission) -> None:
    """Say, at start, which permission opens the files of a kind of record. Without it nobody can."""
    _permissions[subject_type] = permission


def permission_for(subject_type: str) -> Permission | None:
    return _permissions.get(subject_type)


def attach(file: StoredFile, subject: tuple[str, int], kind: str, *, actor: Actor, now: datetime) -> Document:
    """Attach a file that `keep()` stored to a record, inside `writing()`."""
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
    told = {"file": file.filename, "kind": kind, "sha256": file.sha256}
    record("document.attached", subject, actor=actor, now=now, changes=told)
    return document


def remove(document_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a file off its record. The file itself stays on disk until retention ends. Raises NotFound."""
    document = db.session.get(Document, document_id)
    if document is None or document.removed_at is not None:
        raise NotFound(N_("This file is not here (any more)."))
    document.removed_at = now
    subject = (document.subject_type, document.subject_id)
    record("document.removed", subject, actor=actor, now=now, changes={"file": document.filename})


def documents_of(subject_type: str, subject_id: int) -> list[Document]:
    """The files of a record, oldest first."""
    mine = (Document.subject_type == subject_type) & (Document.subject_id == subject_id)
    query = select(Document).where(mine, Document.removed_at.is_(None)).order_by(Document.id)
    return list(db.session.execute(query).scalars())
