"""The one statement the two databases spell differently in the same way."""

from __future__ import annotations

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
