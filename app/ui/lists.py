"""Lists that page by key: no OFFSET, so the thousandth page costs what the first one does.

SORTS = {
    "name": lists.Sort(N_("Name"), (lists.asc(Supporter.sort_name),)),
    "total": lists.Sort(N_("Given"), (lists.desc(Total.cents, nullable=True),)),
}
page = lists.page(select(Supporter).where(...), SORTS, key=Supporter.id, default="name")

`sort=name` or `sort=-name` in the address chooses, `after=`/`before=` hold a signed cursor. A
sort that does not exist and a cursor that was tampered with answer 400. NULLs come last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from flask import abort, current_app, request, url_for
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import ColumnElement, Select, and_, case, false, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.base.ids import id_in
from app.extensions import db

Column = ColumnElement[Any] | InstrumentedAttribute[Any]
SIZE = 50
SIZES = (25, 50, 100, 200)


@dataclass(frozen=True, slots=True)
class Key:
    """One column of an order; `nullable` where it can be NULL (costs an index, so say it only then)."""

    column: Any
    down: bool = False
    nullable: bool = False


def asc(column: Column, *, nullable: bool = False) -> Key:
    return Key(column, False, nullable)


def desc(column: Column, *, nullable: bool = False) -> Key:
    return Key(column, True, nullable)


@dataclass(frozen=True, slots=True)
class Sort:
    """An order people can choose. `sort=-name` is the same with every key turned round."""

    label: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows. `newer` and `older` are addresses of the neighbours, None at the ends."""

    rows: list[Any]
    sort: str
    newer: str | None
    older: str | None
    sorts: Mapping[str, Sort]

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def sort_url(self, name: str) -> str:
        """The address that sorts by this; a second time turns it round. Starts at the first page."""
        return here(sort=f"-{name}" if self.sort == name else name, after=None, before=None)

    def direction(self, name: str) -> str:
        """For aria-sort: ascending, descending or none."""
        if self.sort.lstrip("-") != name:
            return "none"
        down = self.sort.startswith("-") != self.sorts[name].keys[0].down
        return "descending" if down else "ascending"


def here(**changes: object) -> str:
    """This page's address with query parameters changed; None takes one away."""
    return there(request.endpoint or "ui.root", **{**changes, **(request.view_args or {})})


def there(endpoint: str, /, **changes: object) -> str:
    """The address of another page with the query parameters of this one, changed; None takes one away."""
    # Never url_for's own names: an address could otherwise steer it (_external, _scheme) or break it.
    query: dict[str, Any] = {k: v for k, v in request.args.lists() if not k.startswith("_") and k != "endpoint"}
    return url_for(endpoint, **{k: v for k, v in {**query, **changes}.items() if v is not None})


def search_text(name: str = "q", longest: int = 100) -> str:
    """What was typed in the search field: trimmed, cut at `longest`, controls made spaces."""
    text = "".join(c if c.isprintable() else " " for c in request.args.get(name, "")[: longest * 2])
    return " ".join(text.split())[:longest]


def choice(name: str, allowed: Any, default: str = "") -> str:
    """A filter from the address: one of `allowed` (values or an enum), else 400; absent is `default`."""
    value = request.args.get(name, "")
    if not value:
        return default
    values = {str(getattr(option, "value", option)) for option in allowed}
    if value not in values:
        abort(400)
    return value


def choices(name: str, allowed: Any) -> list[str]:
    """A filter that may be given several times."""
    values = {str(getattr(option, "value", option)) for option in allowed}
    chosen = [value for value in request.args.getlist(name) if value]
    if any(value not in values for value in chosen):
        abort(400)
    return list(dict.fromkeys(chosen))


def row_id(name: str) -> int | None:
    """An id from the address, 400 where it is no id."""
    value = request.args.get(name, "")
    if not value:
        return None
    row_id = id_in(value)
    if row_id is None:
        abort(400)
    return row_id


def day(name: str) -> date | None:
    """A date from the address (ISO or Dutch), 400 where it is none."""
    from app.ui.fields import parse_date

    value = request.args.get(name, "")
    if not value:
        return None
    try:
        return parse_date(value[:20])
    except ValueError:
        abort(400)


def page(
    statement: Select[Any], sorts: Mapping[str, Sort], *, key: Column, default: str, size: int = SIZE
) -> Page:  # fmt: skip
    """The rows of the page that the address asks for, and the way to its neighbours: one statement.

    `key` is the unique id that settles ties. A statement with one column or entity gives its
    values, one with more gives Rows.
    """
    wanted = request.args.get("sort") or default
    name = wanted.removeprefix("-")
    if name not in sorts:
        abort(400)
    turned = wanted.startswith("-")
    keys = [Key(k.column, k.down != turned, k.nullable) for k in sorts[name].keys]
    keys.append(Key(key, keys[0].down))
    per_page = request.args.get("size", type=int)
    size = per_page if per_page in SIZES else size

    token, backwards = request.args.get("after"), False
    if not token and (token := request.args.get("before")):
        backwards = True
    cursor = _read(token, wanted, len(keys)) if token else None

    width = len(statement.column_descriptions)
    ordered = statement.add_columns(*(k.column.label(f"_key{i}") for i, k in enumerate(keys)))
    if cursor is not None:
        ordered = ordered.where(_beyond(keys, cursor, backwards))
    for k in keys:
        if k.nullable:
            empty = case((k.column.is_(None), 1), else_=0)
            ordered = ordered.order_by(empty.desc() if backwards else empty)
        ordered = ordered.order_by(k.column.desc() if k.down != backwards else k.column.asc())
    found = db.session.execute(ordered.limit(size + 1)).all()
    more = len(found) > size
    found = found[:size]
    if backwards:
        found = found[::-1]
    rows = [row[0] if width == 1 else row for row in found]

    def cursor_of(row: Any) -> str:
        return _write([row[width + i] for i in range(len(keys))], wanted)

    has_newer = (more if backwards else cursor is not None) and bool(found)
    has_older = (True if backwards else more) and bool(found)
    return Page(
        rows, wanted,
        here(before=cursor_of(found[0]), after=None) if has_newer else None,
        here(after=cursor_of(found[-1]), before=None) if has_older else None,
        sorts,
    )  # fmt: skip


def _beyond(keys: list[Key], values: list[Any], backwards: bool) -> ColumnElement[bool]:
    """Rows after the cursor in this order (before it, when going backwards)."""
    downs = {k.down for k in keys}
    if len(downs) == 1 and not any(k.nullable for k in keys):
        # The row-value form: both databases walk one index for it.
        left, right = tuple_(*(k.column for k in keys)), tuple_(*values)
        return left < right if keys[0].down != backwards else left > right
    either: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for k, value in zip(keys, values, strict=True):
        either.append(and_(*equal, _past(k, value, backwards)))
        equal.append(k.column.is_(None) if value is None else k.column == value)
    return or_(*either)


def _past(key: Key, value: Any, backwards: bool) -> ColumnElement[bool]:
    """Strictly past this value in one column; NULLs stand at the end of the order."""
    column = key.column
    if value is None:
        return column.isnot(None) if backwards else false()
    beyond: ColumnElement[bool] = column < value if key.down != backwards else column > value
    if key.nullable and not backwards:
        return or_(beyond, column.is_(None))
    return beyond


def _signer(sort: str) -> URLSafeSerializer:
    # Bound to the page and the order: a cursor of one list says nothing in another.
    return URLSafeSerializer(current_app.secret_key or "", salt=f"cursor:{request.endpoint}:{sort}")


def _write(values: list[Any], sort: str) -> str:
    packed = []
    for value in values:
        if isinstance(value, datetime):
            packed.append(["t", value.astimezone(UTC).isoformat()])
        elif isinstance(value, date):
            packed.append(["d", value.isoformat()])
        elif isinstance(value, Decimal):
            packed.append(["n", str(value)])
        elif isinstance(value, Enum):
            packed.append(["v", value.value])
        else:
            packed.append(["v", value])
    return str(_signer(sort).dumps(packed))


def _read(token: str, sort: str, count: int) -> list[Any]:
    try:
        packed = _signer(sort).loads(token)
    except BadData:
        abort(400)
    readers: dict[str, Callable[[Any], Any]] = {
        "t": datetime.fromisoformat, "d": date.fromisoformat, "n": Decimal, "v": lambda v: v,
    }  # fmt: skip
    if len(packed) != count:
        # Signed by an older release with another order of keys.
        abort(400)
    return [None if value is None else readers[kind](value) for kind, value in packed]
