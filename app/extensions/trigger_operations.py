"""`op.create_triggers` and `op.drop_triggers`: what a migration says about triggers, for both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alembic.autogenerate import renderers
from alembic.operations import MigrateOperation, Operations
from sqlalchemy import Connection


@Operations.register_operation("create_triggers")
class CreateTriggers(MigrateOperation):
    """Make these triggers, replacing those of the same name. One DDL statement each."""

    def __init__(self, table: str, *, sqlite: Sequence[str], postgresql: Sequence[str]) -> None:
        self.table = table
        self.statements = {"sqlite": list(sqlite), "postgresql": list(postgresql)}

    @classmethod
    def create_triggers(cls, operations: Operations, table: str, **statements: Any) -> None:
        operations.invoke(cls(table, **statements))


@Operations.register_operation("drop_triggers")
class DropTriggers(MigrateOperation):
    """Remove triggers by name."""

    def __init__(self, table: str, *, sqlite: Sequence[str], postgresql: Sequence[str]) -> None:
        self.table = table
        self.names = {"sqlite": list(sqlite), "postgresql": list(postgresql)}

    @classmethod
    def drop_triggers(cls, operations: Operations, table: str, **names: Any) -> None:
        operations.invoke(cls(table, **names))


@Operations.implementation_for(CreateTriggers)
def _create(operations: Operations, operation: CreateTriggers) -> None:
    from app.extensions.migrating import trigger_names

    connection = operations.get_bind()
    statements = operation.statements[connection.dialect.name]
    if connection.dialect.name == "sqlite":  # it has no CREATE OR REPLACE
        for name in trigger_names(tuple(statements)):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
    for statement in statements:
        connection.exec_driver_sql(statement)


@Operations.implementation_for(DropTriggers)
def _drop(operations: Operations, operation: DropTriggers) -> None:
    connection = operations.get_bind()
    on_table = "" if connection.dialect.name == "sqlite" else f" ON {operation.table}"
    for name in operation.names[connection.dialect.name]:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{on_table}")
    drop_unused_functions(connection)


def drop_unused_functions(connection: Connection) -> None:
    """Remove trigger functions that no trigger calls any more (PostgreSQL; several triggers may share one)."""
    if connection.dialect.name != "postgresql":
        return
    unused = connection.exec_driver_sql(
        "SELECT quote_ident(proname) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
        "AND prorettype = 'trigger'::regtype AND pronargs = 0 "
        "AND NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgfoid = pg_proc.oid)"
    ).scalars()
    for name in list(unused):
        connection.exec_driver_sql(f"DROP FUNCTION {name}()")


@renderers.dispatch_for(CreateTriggers)
def _render_create(context: Any, operation: CreateTriggers) -> str:
    return _call("create_triggers", operation.table, operation.statements)


@renderers.dispatch_for(DropTriggers)
def _render_drop(context: Any, operation: DropTriggers) -> str:
    return _call("drop_triggers", operation.table, operation.names)


def _call(name: str, table: str, texts: dict[str, list[str]]) -> str:
    lists = "".join(
        f"    {dialect}=[\n" + "".join(f"        {text!r},\n" for text in each) + "    ],\n"
        for dialect, each in texts.items()
    )
    return f"op.{name}(\n    {table!r},\n{lists})"
