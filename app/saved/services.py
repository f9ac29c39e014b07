"""Keeping, renaming and removing filters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select

from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.extensions import db
from app.saved.models import SavedFilter

MOST = 50  # of one person in one list: more is a mistake, not a way of working


def keep(
    list_name: str, name: str, query: str, *, shared: bool, actor: Actor, now: datetime
) -> SavedFilter:  # fmt: skip
    """Keep a filter. Raises Invalid for a name in use or an empty filter, Refused where there are too many."""
    if not query:
        raise Invalid(N_("Choose what the list shows first: without a filter there is nothing to keep."))
    mine = (SavedFilter.owner_id == actor.id) & (SavedFilter.list_name == list_name)
    if (db.session.execute(select(func.count()).where(mine)).scalar() or 0) >= MOST:
        raise Refused(N_("You keep %(most)s filters of this list already. Remove one you no longer use."), most=MOST)
    _free(mine, name)
    row = SavedFilter(
        owner_id=actor.id, list_name=list_name, name=name, query=query, shared=shared, created_at=now
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def change(row_id: int, *, name: str, shared: bool, actor: Actor, any_owner: bool = False) -> None:
    """Give it another name, share it or keep it to oneself. `any_owner`: an administrator may do so for others."""
    row = _own(row_id, actor, any_owner)
    mine = (
        (SavedFilter.owner_id == row.owner_id) & (SavedFilter.list_name == row.list_name) & (SavedFilter.id != row.id)
    )
    _free(mine, name)
    row.name, row.shared = name, shared


def remove(row_id: int, *, actor: Actor, any_owner: bool = False) -> None:
    """Remove it, for everybody where it was shared."""
    row = _own(row_id, actor, any_owner)
    db.session.execute(delete(SavedFilter).where(SavedFilter.id == row.id))


def _own(row_id: int, actor: Actor, any_owner: bool) -> SavedFilter:
    row = db.session.get(SavedFilter, row_id)
    if row is None or (row.owner_id != actor.id and not (any_owner and row.shared)):
        raise NotFound(N_("There is no such filter."))
    return row


def _free(mine: object, name: str) -> None:
    if db.session.execute(select(SavedFilter.id).where(mine, SavedFilter.name == name)).first():  # type: ignore[arg-type]
        raise Invalid(N_("You keep a filter of this name already. Choose another name."), field="name")
