"""What is published of a fiscal year, in versions. What was published stays as it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, state_column
from app.base.states import N_, Labelled, Transitions
from app.extensions import db

SUBJECT = "anbi_publication"


class PublicationState(Labelled):
    DRAFT = "draft", N_("Draft")
    PUBLISHED = "published", N_("Published")
    REPLACED = "replaced", N_("Replaced")


MOVES = Transitions(
    PublicationState,
    {
        PublicationState.DRAFT: {PublicationState.PUBLISHED},
        PublicationState.PUBLISHED: {PublicationState.REPLACED},
        PublicationState.REPLACED: set(),
    },
)


def _one(state: PublicationState) -> Index:
    where = text(f"state = '{state.value}'")
    return Index(f"uq_anbi_publication_{state.value}", "year", unique=True, sqlite_where=where, postgresql_where=where)


class Publication(db.Model):
    """One version for a fiscal year; one of them at most is a draft, one published.

    `texts` holds what was typed, by name (those in two languages end in _nl and _en); `cents` the amounts that were
    typed, by line. `taken` is what came from elsewhere at the moment of publication: see content.py.
    """

    __tablename__ = "anbi_publication"
    __table_args__ = (
        UniqueConstraint("year", "revision"),
        CheckConstraint("revision >= 1", name="revision_from_one"),
        CheckConstraint("(state = 'draft') = (published_at IS NULL)", name="published_once"),
        _one(PublicationState.DRAFT),
        _one(PublicationState.PUBLISHED),
    )

    id: Mapped[int] = id_column()
    year: Mapped[int]
    revision: Mapped[int]
    state: Mapped[PublicationState] = state_column(PublicationState, default=PublicationState.DRAFT)
    texts: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    cents: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    taken: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1)  # of the draft: who saves over another is told
    changed_at: Mapped[datetime] = instant_column()
    changed_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    published_at: Mapped[datetime | None] = instant_column(nullable=True)
    published_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
