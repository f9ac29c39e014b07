"""What a database really holds: its schema as plain values to compare, and rows for every table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, Enum, MetaData, Table, Uuid, inspect, select, types

from app.base.ids import new_id


def snapshot(connection: Connection) -> dict[str, list[str]]:
    """Everything of the schema, as sorted lines by kind, without Alembic's own table."""
    inspector = inspect(connection)
    lines: dict[str, list[str]] = {kind: [] for kind in ("columns", "constraints", "indexes", "triggers")}
    for table in inspector.get_table_names():
        if table == "alembic_version":
            continue
        for column in inspector.get_columns(table):
            null = "null" if column["nullable"] else "not null"
            lines["columns"].append(f"{table}.{column['name']} {column['type']!r} {null} {column['default']}")
        key = inspector.get_pk_constraint(table)
        lines["constraints"].append(f"{table} {key['name']} {key['constrained_columns']}")
        for foreign in inspector.get_foreign_keys(table):
            where = f"{foreign['constrained_columns']} to {foreign['referred_table']}{foreign['referred_columns']}"
            lines["constraints"].append(f"{table} {foreign['name']} {where} {sorted(foreign['options'].items())}")
        for unique in inspector.get_unique_constraints(table):
            lines["constraints"].append(f"{table} {unique['name']} {unique['column_names']}")
        for check in inspector.get_check_constraints(table):
            lines["constraints"].append(f"{table} {check['name']} {' '.join(check['sqltext'].split())}")
        for index in inspector.get_indexes(table):
            where = {name: str(value) for name, value in (index.get("dialect_options") or {}).items()}
            parts = index.get("expressions") or index["column_names"]
            lines["indexes"].append(f"{table} {index['name']} {parts} {index['unique']} {sorted(where.items())}")
    lines["triggers"] = _triggers(connection)
    return {kind: sorted(each) for kind, each in lines.items()}


def _triggers(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        return list(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'").scalars())
    return [
        " ".join(str(line).split())
        for query in (
            "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid "
            "WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace",
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace",
        )
        for line in connection.exec_driver_sql(query).scalars()
    ]


def fill(connection: Connection, metadata: MetaData, examples: dict[str, dict[str, Any]]) -> None:
    """One row in every table, in the order of their foreign keys. `examples` has what a CHECK demands.

    Triggers look the other way meanwhile: a row of one's own makes no sense to the ledger.
    """
    with _without_triggers(connection, metadata):
        _fill(connection, metadata, examples)


@contextmanager
def _without_triggers(connection: Connection, metadata: MetaData) -> Iterator[None]:
    if connection.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = connection.exec_driver_sql(query).fetchall()
        for name, _ in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        yield
        for _, sql in triggers:
            connection.exec_driver_sql(sql)
        return
    for word in ("DISABLE", "ENABLE"):
        for table in metadata.sorted_tables:
            connection.exec_driver_sql(f'ALTER TABLE "{table.name}" {word} TRIGGER USER')
        if word == "DISABLE":
            yield
            connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")


def _fill(connection: Connection, metadata: MetaData, examples: dict[str, dict[str, Any]]) -> None:
    made: dict[str, dict[str, Any]] = {}
    for table in metadata.sorted_tables:
        row: dict[str, Any] = {}
        for column in table.columns:
            if column.name in examples.get(table.name, {}):
                row[column.name] = examples[table.name][column.name]
                continue
            target = next((key.column for key in column.foreign_keys), None)
            if target is not None:
                # A table that points at itself, or in a circle, begins with nothing.
                row[column.name] = made.get(target.table.name, {}).get(target.name)
            else:
                row[column.name] = _value(column)
        connection.execute(table.insert().values(row))
        made[table.name] = row


def _value(column: Column[Any]) -> Any:
    kind = column.type
    impl = kind.impl_instance if isinstance(kind, types.TypeDecorator) else kind
    if column.default is not None and column.default.is_scalar:
        return column.default.arg
    if column.primary_key and isinstance(impl, types.Integer):
        return new_id()
    if isinstance(impl, Enum):
        return list(impl.enum_class)[0] if impl.enum_class else impl.enums[0]
    choices: list[tuple[type, Any]] = [
        (types.Boolean, False), (types.Date, date(2026, 11, 23)),
        (types.DateTime, datetime(2026, 11, 23, 12, tzinfo=UTC)), (types.Time, time(15, 30)),
        (types.Integer, 1), (types.Float, 0.5), (types.Numeric, Decimal("0.5")), (types.JSON, {}), (Uuid, None),
        (types.LargeBinary, b"x" * 32), (types.String, "nl"),
    ]  # fmt: skip
    return next(value for cls, value in choices if isinstance(impl, cls))


def rows(connection: Connection, metadata: MetaData) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that is there."""
    there = set(inspect(connection).get_table_names())
    return {
        table.name: [tuple(row) for row in connection.execute(select(table).order_by(*_key(table)))]
        for table in metadata.sorted_tables
        if table.name in there
    }


def _key(table: Table) -> list[Column[Any]]:
    return list(table.primary_key.columns) or list(table.columns)
