"""Loading rows to change: locked, checked against the page they were seen on, or not found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, cast, func, select

from app.base.columns import Big
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.extensions import Model, db

M = TypeVar("M", bound=Model)


def cents_sum(column: Any) -> ColumnElement[int]:
    """The sum of cents, 0 for none, as a whole number: PostgreSQL sums bigints to numerics."""
    return cast(func.coalesce(func.sum(column), 0), Big)


class Stale(Refused):
    """The record changed since the page was opened; the page keeps what was typed."""


def locked(model: type[M], row_id: int) -> M:
    """The row, held until this transaction ends (other writers wait; on SQLite they do anyway)."""
    row = db.session.get(model, row_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row


def locked_all(model: type[M], row_ids: Iterable[int]) -> list[M]:
    """Several rows, held, in order of id (always the same order: no deadlocks). All or NotFound."""
    wanted = sorted(set(row_ids))
    key = model.__table__.c.id
    found = select(model).where(key.in_(wanted)).order_by(key).with_for_update()
    rows = list(db.session.execute(found.execution_options(populate_existing=True)).scalars())
    if len(rows) != len(wanted):
        raise NotFound(N_("This is not here, or not any more."))
    return rows


def check_version(stored: int, seen: int | None) -> None:
    """Refuse a change made on an outdated page, so that nobody's words are overwritten unseen."""
    if seen is not None and seen != stored:
        raise Stale(N_("Somebody else changed this while you were editing. Look at their version, then save yours."))


def must_exist(model: type[M], row_id: int | None, *, field: str) -> None:
    """A choice in a form must be a row that is there; an empty choice is fine."""
    if row_id is not None and db.session.get(model, row_id) is None:
        raise Invalid(N_("Please choose one of the options."), field=field)
