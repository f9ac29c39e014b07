"""All that we hold of one person, as GDPR article 15 and 20 ask: read from the registry of holdings alone, so that
a table that a room adds is in it by itself (DOMAIN.md 4.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from flask_babel import gettext
from sqlalchemy import LargeBinary, Table, select

from app.audit.services import record
from app.base.actor import Actor
from app.base.holdings import Holding, all_holdings
from app.base.states import N_
from app.extensions import db, writing
from app.vault.rotation import sealed_columns
from app.vault.services import Unsealable, unseal

Told = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of one kind that a person has; values are texts, numbers, booleans, lists or None."""

    label: str  # msgid
    rows: list[dict[str, Any]]


def held_of(supporter_id: int, *, looked_through: bool, told: Told | None = None) -> list[Held]:
    """Everything but what only helps searching. `looked_through`: also what may tell of other people (notes,
    relations, tasks), which somebody of staff reads before it goes out. `told` is how a value of a column is told."""
    told = told or (lambda _name, value: _plain(value))
    groups: dict[str, list[dict[str, Any]]] = {}
    groups[N_("The person")] = list(_rows(db.metadata.tables["supporter"], "id", supporter_id, None, told))
    for holding in all_holdings():
        if holding.exported and (looked_through or not holding.of_others):
            rows = _rows(db.metadata.tables[holding.table], holding.column, supporter_id, holding, told)
            groups.setdefault(holding.label, []).extend(rows)
    return [Held(label, rows) for label, rows in groups.items() if rows]


def take_out(supporter_id: int, *, looked_through: bool, actor: Actor, now: datetime) -> bytes:
    """The same as a JSON file, noted in the trail. Reads first and opens its own transaction: writers do not wait
    for it."""
    found = held_of(supporter_id, looked_through=looked_through)
    db.session.rollback()
    with writing():
        record("supporter.access", ("supporter", supporter_id), actor=actor, now=now, changes={"kinds": len(found)})
    told = {"made_at": now.isoformat(), "data": {gettext(each.label): each.rows for each in found}}
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _rows(
    table: Table, column: str, supporter_id: int, holding: Holding | None, told: Told
) -> Iterator[dict[str, Any]]:
    sealed = {each.column: each.context for each in sealed_columns() if each.table == table.name}
    wanted = [c for c in table.c if c.name in sealed or not isinstance(c.type, LargeBinary)]
    found = select(*wanted).where(table.c[column] == supporter_id).order_by(*table.primary_key)
    if holding is not None and holding.where is not None:
        found = found.where(table.c[holding.where[0]] == holding.where[1])
    for row in db.session.execute(found).mappings():
        yield {
            name: _opened(value, sealed[name].format(**row)) if name in sealed else told(name, value)
            for name, value in row.items()
            if name != column
        }


def _opened(blob: bytes | None, context: str) -> str | None:
    try:
        return None if blob is None else unseal(blob, context)
    except Unsealable:
        return None  # its key was destroyed


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return str(value)  # an id: JSON readers round those
    return value
