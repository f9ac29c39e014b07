"""Fixtures shared by all tests: a fresh real database for each test, a clock that can be set."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from app import create_app
from app.extensions import db
from app.extensions.database import writing_connection
from app.staff import passwords
from app.ui.permissions import Role
from config import Settings
from tests.support.client import Client


class SettableClock:
    """A clock for tests: `clock.at(...)`, `clock.forward(days=1)`. Starts at noon on 23 November 2026."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def at(self, *parts: int) -> None:
        self.instant = datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]

    def forward(self, **delta: float) -> None:
        self.instant += timedelta(**delta)


@pytest.fixture(scope="session")
def session_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("session")


def make_settings(directory: Path, **environ: str) -> Settings:
    return Settings.from_environment({"APP_ENV": "test", "DATA_DIR": str(directory), "WORKER": "no"} | environ)


@pytest.fixture(scope="session")
def template_database(session_dir: Path) -> Path:
    """An empty database with the whole schema and its triggers, copied for each test."""
    app = create_app(make_settings(session_dir))
    with app.app_context():
        with writing_connection(db.engine) as connection, connection.begin():
            db.metadata.create_all(connection)
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return session_dir / "draagvlak.db"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def app(template_database: Path, session_dir: Path, tmp_path: Path, clock: SettableClock) -> Iterator[Flask]:
    shutil.copy(template_database, tmp_path / "draagvlak.db")
    shutil.copy(session_dir / "secrets.json", tmp_path / "secrets.json")
    app = create_app(make_settings(tmp_path), clock)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """argon2id still, with parameters that cost next to nothing."""
    passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def client(app: Flask) -> Client:
    """Nobody signed in yet; see tests/support/client.py for what it does beyond Flask's own."""
    app.test_client_class = Client
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def sign_in(client: Client) -> Callable[[Role | str], Client]:
    """`sign_in("finance")` signs `client` in as a new member of staff of that role, and returns it."""
    return client.sign_in
