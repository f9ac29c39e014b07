"""Reading kept filters: one's own and those of the team."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.extensions import db
from app.saved.known import KnownList
from app.saved.models import SavedFilter


@dataclass(frozen=True, slots=True)
class Bar:
    """What a list shows of its kept filters. `query` is the filter in use, `current` the one it equals, if any."""

    name: str
    rows: list[SavedFilter]
    query: str
    current: int | None


def of_list(name: str, staff_id: int) -> list[SavedFilter]:
    """Kept filters of a list that this person sees, by name."""
    mine = (SavedFilter.owner_id == staff_id) | SavedFilter.shared
    wanted = select(SavedFilter).where(SavedFilter.list_name == name, mine)
    return list(db.session.scalars(wanted.order_by(SavedFilter.name, SavedFilter.id).limit(100)))


def find(filter_id: int) -> SavedFilter | None:
    return db.session.get(SavedFilter, filter_id)


def bar(listed: KnownList, staff_id: int) -> Bar:
    """For the page of a list. One statement."""
    rows, query = of_list(listed.name, staff_id), listed.query()
    return Bar(listed.name, rows, query, next((row.id for row in rows if row.query == query), None))
