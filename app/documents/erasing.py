"""Taking stored files away for good, when the person whom they are about is erased."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from app.documents.files import remove_stored
from app.documents.models import Document
from app.extensions import db


def attached_to(subject_type: str, ids: Collection[int]) -> list[int]:
    """The rows of files of these records, removed and older ones included."""
    mine = (Document.subject_type == subject_type) & Document.subject_id.in_(list(ids))
    return list(db.session.scalars(select(Document.id).where(mine)))


def remove_files(document_ids: Collection[int]) -> None:
    """Take the content of these off the disk, but for what another record holds too. Call it before the rows are
    deleted, outside any transaction: cut off half way, it is done again."""
    mine = Document.id.in_(list(document_ids))
    digests = set(db.session.scalars(select(Document.sha256).where(mine)))
    shared = set(db.session.scalars(select(Document.sha256).where(Document.sha256.in_(digests), ~mine)))
    db.session.rollback()
    for digest in digests - shared:
        remove_stored(digest)
