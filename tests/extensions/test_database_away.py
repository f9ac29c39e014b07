"""A database that is locked, full, damaged or gone: 503, nothing of it on the page, well again after."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from app.extensions import database, db, migrating
from app.extensions.database import writing_connection
from tests.support.client import Client

SIGN_IN = {"email": "anna@example.org", "password": "een zin van genoeg woorden"}


def assert_away(answer: Any, *secrets: str) -> None:
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "<h1>" in answer.text
    assert not [
        word for word in ("sqlite", "psycopg", "INSERT", "SELECT", "Traceback", *secrets) if word in answer.text
    ]


FAULTS = {
    "sqlite full": sqlite3.OperationalError("database or disk is full"),
    "sqlite I/O": sqlite3.OperationalError("disk I/O error"),
    "sqlite damaged": sqlite3.DatabaseError("database disk image is malformed"),
    "postgresql full": psycopg.errors.DiskFull("could not extend file: No space left on device"),
    "postgresql stopping": psycopg.errors.AdminShutdown("terminating connection due to administrator command"),
    "postgresql read-only": psycopg.OperationalError("the connection is closed"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_driver_says_becomes_503_and_it_is_well_again_after(app: Flask, client: Client, fault: str) -> None:
    if fault.partition(" ")[0] != db.engine.dialect.name:
        fault = {"sqlite": "sqlite full", "postgresql": "postgresql full"}[db.engine.dialect.name]

    kind = DatabaseError if fault == "sqlite damaged" else OperationalError

    def break_down(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT"):
            raise kind(statement, {"email": "anna@example.org"}, FAULTS[fault])

    client.csrf_token()
    event.listen(db.engine, "before_cursor_execute", break_down)
    try:
        assert_away(client.post("/login", data=SIGN_IN), "anna@example.org", "disk")
    finally:
        event.remove(db.engine, "before_cursor_execute", break_down)
        db.session.remove()
    assert client.post("/login", data=SIGN_IN).status_code == 422


@pytest.mark.databases("sqlite")
def test_a_database_that_somebody_holds_locked(app: Flask, client: Client, tmp_path: Path) -> None:
    def impatient(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA busy_timeout = 50")

    db.session.remove()
    db.engine.dispose()
    event.listen(db.engine, "connect", impatient)
    client.csrf_token()
    other = sqlite3.connect(tmp_path / "draagvlak.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        assert_away(client.post("/login", data=SIGN_IN))
        assert client.get("/login").status_code == 200, "reading goes on"
        other.execute("ROLLBACK")
    finally:
        other.close()
    db.session.remove()
    assert client.post("/login", data=SIGN_IN).status_code == 422


@pytest.mark.databases("postgresql")
def test_a_table_that_somebody_holds_locked(app: Flask, client: Client) -> None:
    def impatient(connection: Any, *_: Any) -> None:
        connection.execute("SET lock_timeout = 50")
        connection.commit()

    assert db.session.execute(text("SHOW lock_timeout")).scalar() == "10s"
    with migrating.connection() as patient:
        assert patient.exec_driver_sql("SHOW lock_timeout").scalar() == "0", "a second start waits for the first"
    db.session.remove()
    db.engine.dispose()
    event.listen(db.engine, "connect", impatient)
    client.csrf_token()
    with writing_connection(db.engine) as other:
        other.exec_driver_sql("LOCK TABLE rate_count IN EXCLUSIVE MODE")
        assert_away(client.post("/login", data=SIGN_IN))
        assert client.get("/login").status_code == 200, "reading goes on"
    db.session.remove()
    assert client.post("/login", data=SIGN_IN).status_code == 422


@pytest.mark.databases("postgresql")
def test_a_host_that_vanished_is_given_up(app: Flask) -> None:
    with db.engine.connect() as connection:
        told = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    assert {name: int(told[name]) for name in database.GONE} == database.GONE


def test_no_connection_free_is_503_and_a_mistake_of_ours_is_500(app: Flask, client: Client) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.extensions["raised"] = NoConnectionFree("QueuePool limit")

    def raising(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT"):
            raise app.extensions["raised"]

    client.csrf_token()
    event.listen(db.engine, "before_cursor_execute", raising)
    try:
        assert_away(client.post("/login", data=SIGN_IN), "QueuePool")
        app.extensions["raised"] = IntegrityError("INSERT", {}, Exception("UNIQUE"))
        assert client.post("/login", data=SIGN_IN).status_code == 500
    finally:
        event.remove(db.engine, "before_cursor_execute", raising)
        db.session.remove()


@pytest.mark.databases("sqlite")
def test_health_is_told_soon_when_the_database_is_gone(app: Flask, client: Client, tmp_path: Path) -> None:
    assert client.get("/healthz").status_code == 200
    db.session.remove()
    db.engine.dispose()
    for path in tmp_path.glob("draagvlak.db*"):
        path.unlink()
    (tmp_path / "draagvlak.db").mkdir()
    before = time.monotonic()
    answer = client.get("/healthz")
    assert time.monotonic() - before < 5
    assert answer.status_code == 503
    assert (answer.json or {})["database"] == "unreachable"


def _taken() -> sqlite3.IntegrityError:
    """What SQLite really says of a second row of a kind."""
    with pytest.raises(sqlite3.IntegrityError) as caught:
        sqlite3.connect(":memory:").executescript("CREATE TABLE a (b UNIQUE); INSERT INTO a VALUES (1), (1)")
    return caught.value


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (IntegrityError("INSERT", {}, psycopg.errors.UniqueViolation("twice")), 409),
        (OperationalError("INSERT", {}, psycopg.errors.DeadlockDetected("both wait")), 409),
        (IntegrityError("INSERT", {}, _taken()), 409),
        (IntegrityError("INSERT", {}, psycopg.errors.CheckViolation("negative")), 500),
        (IntegrityError("INSERT", {}, psycopg.errors.RestrictViolation("append only")), 500),
    ],
)
def test_who_comes_second_by_a_hair_is_told_that_it_changed(
    app: Flask, client: Client, said: DatabaseError, status: int
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client.csrf_token()

    def break_down(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT"):
            raise said

    event.listen(db.engine, "before_cursor_execute", break_down)
    try:
        answer = client.post("/login", data=SIGN_IN)
    finally:
        event.remove(db.engine, "before_cursor_execute", break_down)
        db.session.remove()
    assert (answer.status_code, "<h1>" in answer.text) == (status, True)


def test_a_form_sent_many_times_at_once_is_taken_once(app: Flask) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.test_client_class = Client
    admins = [app.test_client().sign_in("admin") for _ in range(6)]  # type: ignore[attr-defined]
    together = Barrier(len(admins))

    def invite(admin: Client) -> int:
        together.wait(20)
        form = {"name": "Noor Bakker", "email": "noor@example.org", "role": "viewer", "language": "nl"}
        return admin.post("/staff/invite", data=form, check=False).status_code

    with ThreadPoolExecutor(len(admins)) as pool:
        statuses = sorted(pool.map(invite, admins))
    assert statuses[0] == 303
    assert set(statuses[1:]) <= {409, 422}
