"""Inserting what is not there yet: the one statement the two databases spell differently in the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import FromClause
from sqlalchemy.dialects import postgresql, sqlite

from app.extensions import db


def insert_new(table: Any) -> Any:
    """`INSERT … ON CONFLICT DO NOTHING` into a model or table: rows that are there stay as they are.

    `.returning(...)` gives the rows really inserted; `.values(...)` or a list of dicts as usual.
    """
    target: FromClause = getattr(table, "__table__", table)
    if db.engine.dialect.name == "sqlite":
        return sqlite.insert(target).on_conflict_do_nothing()  # type: ignore[arg-type]
    return postgresql.insert(target).on_conflict_do_nothing()  # type: ignore[arg-type]


def insert_new_rows(table: Any, names: Sequence[str], rows: Sequence[Sequence[Any]], same: Mapping[str, Any]) -> None:
    """`insert_new` of thousands of rows: tuples in the order of `names`, and what is the same in each.

    They go to the driver as they are, values of special types converted column by column:
    preparing each row as a statement of its own took longer than writing it.
    """
    if not rows:
        return
    dialect, target = db.engine.dialect, getattr(table, "__table__", table)

    def converter(name: str) -> Any:
        return target.c[name].type.dialect_impl(dialect).bind_processor(dialect)

    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for place, name in enumerate(names):
        if (convert := converter(name)) is not None:
            columns[place] = [convert(value) for value in columns[place]]
    for name, value in same.items():
        convert = converter(name)
        columns.append([convert(value) if convert else value] * len(rows))
    mark = "?" if dialect.paramstyle == "qmark" else "%s"
    every = (*names, *same)
    statement = f"INSERT INTO {target.name} ({', '.join(every)}) VALUES ({', '.join([mark] * len(every))})"  # noqa: S608
    db.session.connection().exec_driver_sql(f"{statement} ON CONFLICT DO NOTHING", list(zip(*columns, strict=True)))
