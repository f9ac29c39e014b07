"""Read documents: the list, one with its versions, and who opened it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true

from app.audit import queries as audit
from app.base.errors import NotFound
from app.base.states import N_
from app.documents.models import Document
from app.documents.services import permission_for, protected
from app.extensions import db
from app.ui.permissions import may

Names = Callable[[Collection[int]], dict[int, str]]
_names: list[Names] = []


@dataclass(frozen=True, slots=True)
class Opened:
    """One line about a document: who did what to it."""

    at: datetime
    who: str
    action: str
    version: int | None


def people_by(names: Names) -> None:
    """Say, at start, how members of staff are called (the room that knows them is a higher one)."""
    _names[:] = [names]


def people(ids: Collection[int]) -> dict[int, str]:
    return _names[0](ids) if _names and ids else {}


def listing() -> Select[tuple[Document]]:
    """Newest versions of documents that the signed-in person may open."""
    mine = [kind for kind, permission in protected().items() if may(permission)]
    allowed: ColumnElement[bool] = Document.subject_type.in_(mine) if mine else false()
    return select(Document).where(allowed, Document.removed_at.is_(None), Document.replaced_at.is_(None))


def count(chosen: Select[tuple[Document]]) -> int:
    inner = chosen.with_only_columns(Document.id).order_by(None).subquery()
    return int(db.session.execute(select(func.count()).select_from(inner)).scalar_one())


def matches(text: str) -> ColumnElement[bool]:
    """Every word of the search is in the name."""
    return and_(true(), *(Document.filename.icontains(word, autoescape=True) for word in text.split()[:8]))


def one(document_id: int) -> Document:
    """A document that the signed-in person may open, or NotFound: the same answer for both."""
    document = db.session.get(Document, document_id)
    needed = permission_for(document.subject_type) if document else None
    if document is None or document.removed_at is not None or needed is None or not may(needed):
        raise NotFound(N_("This file is not here (any more)."))
    return document


def versions(document: Document) -> list[Document]:
    """All versions, newest first; the removed ones not among them."""
    family = or_(Document.id == document.family, Document.first_id == document.family)
    query = select(Document).where(family, Document.removed_at.is_(None)).order_by(Document.number.desc())
    return list(db.session.execute(query).scalars())


def trail(document: Document, limit: int = 50) -> list[Opened]:
    """Who opened or changed any version, newest first: two statements."""
    lines = audit.trail("document", document.family, limit=limit)
    called = people({line.actor_id for line in lines if line.actor_kind == "staff" and line.actor_id})
    told = []
    for line in lines:
        changes: dict[str, Any] = line.changes or {}
        version = changes.get("version")
        who = called.get(line.actor_id or 0, "") if line.actor_kind == "staff" else line.actor_label
        told.append(Opened(line.at, who, line.action, version if isinstance(version, int) else None))
    return told
