"""How we speak to SQLite and PostgreSQL: pragmas, BEGIN, read-only by default.

SQLite's driver opens transactions by itself, too late and deferred, and so loses updates
silently. It is told not to (isolation_level=None): every transaction begins with our own
BEGIN, which is IMMEDIATE for writing. Read transactions cannot write at all: query_only on
SQLite, READ ONLY on PostgreSQL.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.exc import DatabaseError

from config import ROOT, Settings, SettingsError

MIGRATIONS = ROOT / "migrations"
WRITING = "draagvlak_writing"

MOST_WAITING = 10  # seconds for a lock or a connection; then 503, and no thread is lost to waiting
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: what was answered "done" survives a power cut
    "foreign_keys": 1,
    "busy_timeout": MOST_WAITING * 1000,
    "secure_delete": 1,  # erased means overwritten
    "recursive_triggers": 1,  # else INSERT OR REPLACE slips past the append-only triggers
    "cache_size": -32_000,
    "temp_store": 2,
}
# A host of PostgreSQL that vanished answers nothing, not even that it is gone: after some 20 s it is taken to be.
GONE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2, "tcp_user_timeout": 20_000}
CUT_WITHIN, CUT_TRIES = 200, 5  # milliseconds; how long writers wait, and how often


def engine_options(config: Settings) -> dict[str, Any]:
    if config.is_sqlite:
        path = make_url(config.database_url).database
        if path and path != ":memory:":
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise SettingsError(f"DATABASE_URL: cannot make {Path(path).parent} ({error.strerror}).") from None
        return {
            "connect_args": {"isolation_level": None, "timeout": MOST_WAITING, "check_same_thread": False},
            "pool_size": max(config.database_pool, config.threads + 4),
            "max_overflow": 8,
            "pool_timeout": MOST_WAITING,
            "hide_parameters": True,
        }
    return {
        # Behind pgbouncer a prepared statement may meet another server connection.
        "connect_args": {"prepare_threshold": None, "connect_timeout": 5, "application_name": "draagvlak"} | GONE,
        "pool_size": max(config.database_pool, config.threads + 4),
        "max_overflow": 8,
        "pool_timeout": MOST_WAITING,
        "pool_pre_ping": True,
        "hide_parameters": True,  # errors reach logs; what donors typed must not
    }


def prepare(engine: Engine) -> None:
    """Attach our connection habits to an engine."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _set_patience)
        event.listen(engine, "begin", _begin_postgresql)


def _set_pragmas(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    for name, value in PRAGMAS.items():
        cursor.execute(f"PRAGMA {name} = {value}")
        got = cursor.execute(f"PRAGMA {name}").fetchone()[0]
        if got != value:
            raise SettingsError(f"SQLite refuses PRAGMA {name}={value} (it says {got}); durability cannot be promised.")
    cursor.close()


def _set_patience(connection: Any, record: Any) -> None:
    """PostgreSQL waits for a lock for ever: one who holds a table would hold every thread of ours with it. Not an
    option of the connection: pgbouncer refuses those."""
    connection.autocommit = True
    connection.execute(f"SET lock_timeout = {MOST_WAITING * 1000}")
    connection.autocommit = False


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    fairy = connection.connection
    driver = fairy.dbapi_connection
    assert driver is not None
    # The flag lives with the DBAPI connection: the pragma is sent only when it changes.
    if fairy.record_info is not None and fairy.record_info.get("query_only") != (not writing):
        driver.execute(f"PRAGMA query_only = {0 if writing else 1}")
        fairy.record_info["query_only"] = not writing
    if writing:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        driver.execute("BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    driver = connection.connection.dbapi_connection
    if driver is not None and driver.read_only != (not writing):
        driver.read_only = not writing


def writing_connection(engine: Engine) -> Connection:
    """A connection whose transactions may write, for set-up code outside a session."""
    return engine.connect().execution_options(**{WRITING: True})


def insert_columns(connection: Connection, statement: str, columns: Sequence[list[Any]]) -> int:
    """Run an INSERT (extensions/sql.py) for many rows, told by their columns; how many went in.

    SQLite takes them row by row. PostgreSQL takes each column as one array: it reads and plans the statement once
    instead of once a row, which cost it more than writing the row (13 µs each, now 3)."""
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(statement, tuple(columns)).rowcount
    rows = list(zip(*columns, strict=True))
    return connection.exec_driver_sql(statement, rows, execution_options={"preserve_rowcount": True}).rowcount


def empty_log(engine: Engine) -> None:
    """SQLite's log still holds what was overwritten in the database: move it there and cut it, as far as readers let
    us. Nothing on PostgreSQL, and nothing inside a transaction.

    Writers wait while this waits for readers: so each try is short, and the nightly job tries again."""
    if engine.dialect.name != "sqlite":
        return
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {CUT_WITHIN}")
        for tried in range(CUT_TRIES):
            time.sleep(CUT_WITHIN / 1000 if tried else 0)
            still_read, *_counts = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not still_read:
                break
    finally:
        raw.cursor().execute(f"PRAGMA busy_timeout = {PRAGMAS['busy_timeout']}")
        raw.close()


def check_reachable(engine: Engine) -> None:
    """Raise SettingsError with one clear line when the database cannot be used."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except DatabaseError as error:  # OperationalError, or a file that is no database at all
        place = engine.url.render_as_string(hide_password=True)
        reason = str(error.orig).strip().splitlines()[0]
        raise SettingsError(f"DATABASE_URL: cannot reach {place}: {reason}") from None
