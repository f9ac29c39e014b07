"""Database triggers: registered by the room that owns the table, created with the tables.

Triggers only refuse, row by row (and TRUNCATE on PostgreSQL). Statements name tables without a
schema, hold one DDL each and may be run again, so that migrations can put triggers back after a
table was rebuilt: ``triggers.create(connection)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, MetaData, Table, event

from app.extensions import db


@dataclass(frozen=True, slots=True)
class Trigger:
    """DDL that guards one table, for each database; every statement may be run twice."""

    name: str
    table: str
    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]

    def statements(self, dialect: str) -> tuple[str, ...]:
        return self.sqlite if dialect == "sqlite" else self.postgresql


_triggers: dict[str, Trigger] = {}


def register(name: str, table: str, *, sqlite: Sequence[str], postgresql: Sequence[str]) -> None:
    """Guard a table: the statements run right after it is created.

    Write CREATE TRIGGER IF NOT EXISTS for SQLite, CREATE OR REPLACE for PostgreSQL.
    """
    _triggers[name] = Trigger(name, table, tuple(sqlite), tuple(postgresql))


def registered() -> list[Trigger]:
    return list(_triggers.values())


def create(connection: Connection, tables: Iterable[str] | None = None) -> None:
    """Create the triggers of these tables (default: all) where they are not there yet."""
    wanted = None if tables is None else set(tables)
    for trigger in _triggers.values():
        if wanted is None or trigger.table in wanted:
            for statement in trigger.statements(connection.dialect.name):
                connection.exec_driver_sql(statement)


@event.listens_for(db.metadata, "after_create")
def _with_the_tables(target: MetaData, connection: Connection, tables: Sequence[Table], **_: Any) -> None:
    create(connection, [table.name for table in tables])


def append_only(table: str, key: str | None = "id") -> None:
    """Refuse UPDATE, DELETE and TRUNCATE, and on SQLite INSERT OR REPLACE over an existing `key`,
    also from a connection that has not set recursive_triggers.

    ON CONFLICT DO NOTHING on that key is refused with it: pass `key=None` where it is used.
    """

    def refuse(suffix: str, when: str) -> str:
        return (
            f"CREATE TRIGGER IF NOT EXISTS {table}_{suffix} BEFORE {when} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )

    sqlite = [refuse("no_update", f"UPDATE ON {table}"), refuse("no_delete", f"DELETE ON {table}")]
    if key:
        exists = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 (names from our code)
        sqlite.append(refuse("no_replace", f"INSERT ON {table} WHEN {exists}"))
    register(
        f"{table}_append_only",
        table,
        sqlite=sqlite,
        postgresql=[
            _REFUSE,
            f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        ],
    )


# restrict_violation: SQLAlchemy shows it as IntegrityError, as it does SQLite's RAISE(ABORT).
_REFUSE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'restrict_violation';
END $$
"""
