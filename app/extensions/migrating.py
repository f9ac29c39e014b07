"""Migrations on both databases: one at a time, with foreign keys checked and triggers kept.

Alembic changes an SQLite table by building it anew and dropping the old one. With foreign keys on
that deletes cascading children, and it always takes the table's triggers with it. So they are off
meanwhile and checked afterwards, and triggers are put back when the new table takes the old name.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any

from alembic.autogenerate.render import _repr_type
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, TypeDecorator, create_engine, event
from sqlalchemy.exc import DBAPIError

from app.extensions import db, settings, triggers
from app.extensions.database import MIGRATIONS, WRITING, engine_options, prepare, writing_connection
from app.extensions.file_lock import locked
from app.extensions.trigger_operations import CreateTriggers, DropTriggers
from config import SettingsError

REASONS = {
    "empty": "The database is not set up yet: run flask db upgrade.",
    "behind": "The database is older than this code: run flask db upgrade.",
    "newer": "The database is newer than this code: start the newer version, or restore a backup.",
}
_LOCK_KEY = 0x64726161  # "draa"
_depth = threading.local()


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else sets this database up meanwhile: a file lock (SQLite) or an advisory lock (PostgreSQL).

    May be entered again by the thread that holds it.
    """
    if getattr(_depth, "held", False):
        yield
        return
    with _file_lock() if db.engine.dialect.name == "sqlite" else _advisory_lock():
        _depth.held = True
        try:
            yield
        finally:
            _depth.held = False


@contextmanager
def _file_lock() -> Iterator[None]:
    folder = settings().data_dir
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / ".set-up.lock"))
        except OSError as error:
            raise SettingsError(f"DATA_DIR: cannot write to {folder} ({error.strerror}).") from None
        yield


@contextmanager
def _advisory_lock() -> Iterator[None]:
    with _engine_connection() as connection, connection.begin():
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})")
        yield


@contextmanager
def _engine_connection() -> Iterator[Connection]:
    """A connection that may write, of MIGRATION_DATABASE_URL where there is one."""
    config = settings()
    if not config.migration_database_url:
        with writing_connection(db.engine) as connection:
            yield _patient(connection)
        return
    engine = create_engine(config.migration_database_url, **engine_options(config))
    prepare(engine)
    try:
        with engine.connect().execution_options(**{WRITING: True}) as connection:
            yield _patient(connection)
    finally:
        engine.dispose()


def _patient(connection: Connection) -> Connection:
    """One that waits on PostgreSQL for as long as another start takes, and is closed afterwards."""
    if connection.dialect.name == "postgresql":
        connection.detach()
        connection.exec_driver_sql("SET lock_timeout = 0")
        connection.commit()
    return connection


@contextmanager
def connection() -> Iterator[Connection]:
    """The connection migrations run on."""
    with _engine_connection() as connection:
        raw = connection.connection.dbapi_connection
        if connection.dialect.name != "sqlite" or raw is None:
            yield connection
            return
        # Pragmas count outside a transaction only. legacy_alter_table: renaming the rebuilt table
        # leaves what other tables and triggers say about it alone.
        for pragma in ("foreign_keys = OFF", "legacy_alter_table = ON"):
            raw.cursor().execute(f"PRAGMA {pragma}")
        try:
            yield connection
        finally:
            for pragma in ("legacy_alter_table = OFF", "foreign_keys = ON"):
                raw.cursor().execute(f"PRAGMA {pragma}")


@contextmanager
def keeping_triggers(connection: Connection) -> Iterator[None]:
    """Put the triggers of a rebuilt SQLite table back once it has its name again."""
    if connection.dialect.name != "sqlite":
        yield
        return
    kept: dict[str, list[str]] = {}

    def remember(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if found := re.match(r"\s*DROP TABLE \"?(\w+)\"?\s*$", statement):
            rows = cursor.execute("SELECT sql FROM sqlite_master WHERE type='trigger' AND tbl_name=?", (found[1],))
            kept[found[1]] = [sql for (sql,) in rows.fetchall()]

    def put_back(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if found := re.match(r"\s*ALTER TABLE \"?_alembic_tmp_\w+\"? RENAME TO \"?(\w+)\"?\s*$", statement):
            for sql in kept.pop(found[1], []):
                conn.exec_driver_sql(sql)

    event.listen(connection, "before_cursor_execute", remember)
    event.listen(connection, "after_cursor_execute", put_back)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", remember)
        event.remove(connection, "after_cursor_execute", put_back)


def check_foreign_keys(connection: Connection) -> None:
    """Raise when a row points at nothing (SQLite, where foreign keys were off); nothing is then kept."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"the migration leaves {len(broken)} rows pointing at nothing, first in {broken[0][0]}")


def scripts() -> ScriptDirectory:
    """The migrations of this code."""
    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


@lru_cache(maxsize=1)
def heads() -> frozenset[str]:
    """The versions this code expects; they do not change while it runs."""
    return frozenset(scripts().get_heads())


def state() -> str:
    """How the database stands to this code: "ok", "empty", "behind" or "newer"."""
    try:
        with db.engine.connect() as connection:
            current = set(MigrationContext.configure(connection).get_current_heads())
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise SettingsError(f"DATABASE_URL: cannot read the database: {reason}") from None
    if current == heads():
        return "ok"
    known = {script.revision for script in scripts().walk_revisions()}
    return "newer" if current - known else "behind" if current else "empty"


def refuse_newer() -> None:
    """Raise SettingsError when the database was migrated by a newer version of this code."""
    if state() == "newer":
        raise SettingsError(REASONS["newer"])


def upgrade() -> None:
    """Bring the database to this version; what is there already stays as it is."""
    from flask_migrate import upgrade as run

    with alone():
        refuse_newer()
        run(directory=str(MIGRATIONS))


def render_item(kind: str, item: Any, context: Any) -> str | bool:
    """Migrations name plain column types only, so that they still run when our own classes change."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return str(_repr_type(item.impl_instance, context))
    return False


def add_triggers(context: MigrationContext, revision: Any, directives: list[Any]) -> None:
    """Autogenerate: write the triggers that the database has not, or has differently."""
    if not directives or context.connection is None:
        return
    script = directives[0]
    there = _existing(context.connection)
    for trigger in triggers.registered():
        names = trigger_names(trigger.statements(context.dialect.name))
        if names.keys() <= there.keys() and all(there[name] in (None, text) for name, text in names.items()):
            continue
        script.upgrade_ops.ops.append(
            CreateTriggers(trigger.table, sqlite=trigger.sqlite, postgresql=trigger.postgresql)
        )
        script.downgrade_ops.ops.insert(
            0,
            DropTriggers(
                trigger.table,
                sqlite=list(trigger_names(trigger.sqlite)),
                postgresql=list(trigger_names(trigger.postgresql)),
            ),
        )


_CREATE = re.compile(r"\s*CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER (?:IF NOT EXISTS )?\"?(\w+)\"?(.*)", re.S)


def trigger_names(statements: tuple[str, ...]) -> dict[str, str]:
    """Name → the rest of its DDL, of each trigger these statements make (not the functions)."""
    return {found[1]: found[2].strip() for text in statements if (found := _CREATE.match(text))}


def _existing(connection: Connection) -> dict[str, str | None]:
    """Triggers in the database: name → DDL after the name; None where it cannot be compared."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'").scalars()
        return dict(trigger_names(tuple(rows)))
    query = (
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"
    )
    return dict.fromkeys(connection.exec_driver_sql(query).scalars())
