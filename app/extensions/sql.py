"""Inserting what is not there yet, inserting thousands of rows, and asking for thousands by their ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Dialect, FromClause, LargeBinary, any_, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from app.extensions import db, plans
from app.extensions.database import insert_columns

_AT_ONCE = 30_000  # values in one statement: SQLite takes 32,766


def insert_new(table: Any) -> Any:
    """`INSERT … ON CONFLICT DO NOTHING` into a model or table: rows that are there stay as they are.

    `.returning(...)` gives the rows really inserted; `.values(...)` or a list of dicts as usual.
    """
    return _insert_new(getattr(table, "__table__", table), db.engine.dialect.name)


@lru_cache(maxsize=200)
def _insert_new(target: Any, dialect: str) -> Any:
    return (sqlite if dialect == "sqlite" else postgresql).insert(target).on_conflict_do_nothing()


def among(column: Any, ids: Collection[int]) -> ColumnElement[bool]:
    """`column IN ids` with one parameter, however many ids there are: writing out thousands of them takes
    SQLAlchemy longer than finding the rows takes the database."""
    if db.engine.dialect.name == "sqlite":
        return column.in_(select(func.json_each(json.dumps(list(ids))).table_valued("value").c.value))
    return column == any_(literal(list(ids), postgresql.ARRAY(BigInteger)))


def insert_rows(table: Any, rows: Sequence[Mapping[str, Any]], *, only_new: bool = False) -> int:
    """Insert thousands of rows that all have the names of the first; how many went in.

    They go to the driver as they are, values of special types converted column by column: preparing each row as a
    statement of its own takes SQLAlchemy longer than writing it takes the database. Nothing is filled in: a column
    that is not named gets the database's own default. `only_new` leaves rows that are there as they are.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    return _write(table, names, [[row[name] for row in rows] for name in names], only_new)


def insert_new_rows(table: Any, names: Sequence[str], rows: Sequence[Sequence[Any]], same: Mapping[str, Any]) -> None:
    """`insert_rows` of what is not there yet: tuples in the order of `names`, and what is the same in each."""
    if rows:
        columns = [*zip(*rows, strict=True), *([value] * len(rows) for value in same.values())]
        _write(table, (*names, *same), columns, True)


def insert_new_returning(table: Any, rows: Sequence[Mapping[str, Any]], name: str) -> set[Any]:
    """`insert_rows` of what is not there yet; this column of the rows that really went in."""
    if not rows:
        return set()
    names = tuple(rows[0])
    statement, columns = _prepared(table, names, [[row[each] for row in rows] for each in names], only_new=True)
    if (plan := plans.current()) is not None:
        plan.add(statement, columns, only_new=True)
        return {row[name] for row in rows}
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        return set(connection.exec_driver_sql(f"{statement} RETURNING {name}", tuple(columns)).scalars())
    marks = f"({', '.join('?' * len(names))})"
    values = list(zip(*columns, strict=True))
    done: set[Any] = set()
    for start in range(0, len(values), _AT_ONCE // len(names)):
        some = values[start : start + _AT_ONCE // len(names)]
        whole = statement.replace(marks, ", ".join([marks] * len(some)), 1)
        flat = tuple(value for row in some for value in row)
        done.update(connection.exec_driver_sql(f"{whole} RETURNING {name}", flat).scalars())
    return done


def _write(table: Any, names: tuple[str, ...], columns: list[Sequence[Any]], only_new: bool) -> int:
    statement, converted = _prepared(table, names, columns, only_new)
    if (plan := plans.current()) is not None:
        plan.add(statement, converted, only_new=only_new)
        return len(columns[0])
    return insert_columns(db.session.connection(), statement, converted)


def _prepared(
    table: Any, names: tuple[str, ...], columns: Sequence[Sequence[Any]], only_new: bool
) -> tuple[str, list[list[Any]]]:
    """The statement for `insert_columns`, and the columns as the driver takes them."""
    target: FromClause = getattr(table, "__table__", table)
    statement, converters = _statement(target, names, db.engine.dialect)
    converted = [
        list(column) if convert is None else _converted(convert, column)
        for convert, column in zip(converters, columns, strict=True)
    ]
    return f"{statement} ON CONFLICT DO NOTHING" if only_new else statement, converted


@lru_cache(maxsize=200)
def _statement(target: Any, names: tuple[str, ...], dialect: Dialect) -> tuple[str, list[Any]]:
    types = [target.c[name].type for name in names]
    if dialect.name == "postgresql":
        # Without its length: a cast would cut what is too long, which the column refuses.
        kinds = [kind.compile(dialect).partition("(")[0] for kind in types]
        source = f"SELECT * FROM unnest({', '.join(f'%b::{kind}[]' for kind in kinds)})"  # noqa: S608
    else:
        source = f"VALUES ({', '.join('?' * len(names))})"
    plain = [isinstance(kind, LargeBinary) for kind in types]  # both drivers take bytes as they are
    converters = [kind.dialect_impl(dialect).bind_processor(dialect) for kind in types]
    statement = f"INSERT INTO {target.name} ({', '.join(names)}) {source}"  # noqa: S608
    return statement, [None if bare else convert for bare, convert in zip(plain, converters, strict=True)]


def _converted(convert: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """Days, states and instants are often the same: each is converted once."""
    try:
        known = {value: convert(value) for value in set(values)}
    except TypeError:  # what JSON holds
        return [convert(value) for value in values]
    return [known[value] for value in values]
