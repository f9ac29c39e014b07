"""Taking stored files away for good, when the person whom they are about is erased, and holding those that another
record takes at that very moment: the same content lies on disk once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from app.documents.files import StoredFile, is_stored, keep_own, remove_stored
from app.documents.models import Document
from app.extensions import db, writing

_LOCK = 0x64_76_66  # the advisory lock of who takes files on or off
_named_in: list[InstrumentedAttribute[Any]] = [Document.sha256]


def named_in(column: InstrumentedAttribute[Any]) -> None:
    """Say, at start, that the rows of this column need the stored files that it names, besides documents."""
    _named_in.append(column)


def hold(file: StoredFile) -> None:
    """Call it inside `writing()` before a row names this file: it lies on disk then until that is committed, also
    where somebody took the same content off since it was kept."""
    _lock(shared=True)
    if not is_stored(file.sha256):
        keep_own(file.content)


def remove_unused(column: InstrumentedAttribute[Any], going: ColumnElement[bool]) -> None:
    """Take off the disk, inside `writing()`, what those rows of the column name that are `going`, but for what any
    other row names."""
    _lock(shared=False)
    digests, used = set(db.session.scalars(select(column).where(going))), set()
    for each in _named_in:
        rows = select(each).where(each.in_(digests))
        used |= set(db.session.scalars(rows.where(~going) if each is column else rows))
    for digest in digests - used:
        remove_stored(digest)


def _lock(*, shared: bool) -> None:
    """On PostgreSQL who takes a file off waits for those who take one on; on SQLite one writes at a time anyway."""
    if db.engine.dialect.name == "postgresql":
        take = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        db.session.execute(select(take(_LOCK)))


def attached_to(subject_type: str, ids: Collection[int]) -> list[int]:
    """The rows of files of these records, removed and older ones included."""
    mine = (Document.subject_type == subject_type) & Document.subject_id.in_(list(ids))
    return list(db.session.scalars(select(Document.id).where(mine)))


def remove_files(document_ids: Collection[int]) -> None:
    """Take the content of these off the disk, but for what another record holds too. Call it before the rows are
    deleted, outside any transaction: cut off half way, it is done again."""
    mine = Document.id.in_(list(document_ids))
    with writing():
        remove_unused(Document.sha256, mine)
