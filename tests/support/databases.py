"""A fresh database for each test, copied from one template per process; SQLite and PostgreSQL alike."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.sql import SQL, Identifier
from sqlalchemy import text

from app import create_app
from app.extensions import db, migrating
from app.extensions.database import writing_connection
from config import Settings
from tests.support.postgres import ROLE, Server


def make_settings(directory: Path, **environ: str) -> Settings:
    """Settings for tests: files in `directory`, anything else as given or as in the documentation."""
    return Settings.from_environment({"APP_ENV": "test", "DATA_DIR": str(directory), "WORKER": "no"} | environ)


class Databases:
    """Hands out databases with the whole schema and its triggers (`fresh`) or without (`empty`)."""

    def __init__(self, directory: Path, server: Server | None) -> None:
        self._directory = directory
        self._server = server
        self._numbers = itertools.count(1)
        self._sqlite_template: Path | None = None
        self._postgresql_template: str | None = None

    @contextmanager
    def fresh(self, kind: str, directory: Path) -> Iterator[str]:
        """The address of a database with every table, empty; `directory` gets its files and secrets."""
        if kind == "sqlite":
            template = self._sqlite_template or self._make_sqlite_template()
            shutil.copy(template, directory / "draagvlak.db")
        self._share_secrets(directory)
        if kind == "sqlite":
            yield f"sqlite:///{directory / 'draagvlak.db'}"
        else:
            with self._created(self._postgresql_template or self._make_postgresql_template()) as url:
                yield url

    @contextmanager
    def empty(self, kind: str, directory: Path) -> Iterator[str]:
        """The address of a database without a single table."""
        self._share_secrets(directory)
        if kind == "sqlite":
            yield f"sqlite:///{directory / 'draagvlak.db'}"
        else:
            with self._created(self._bare()) as url:
                yield url

    def _share_secrets(self, directory: Path) -> None:
        make_settings(self._directory)
        shutil.copy(self._directory / "secrets.json", directory / "secrets.json")

    def _create_tables(self, settings: Settings) -> None:
        app = create_app(settings)
        with app.app_context():
            with writing_connection(db.engine) as connection, connection.begin():
                db.metadata.create_all(connection)
                connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
                for head in migrating.scripts().get_heads():
                    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head})
            if settings.is_sqlite:
                with db.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.session.remove()
            db.engine.dispose()

    def _make_sqlite_template(self) -> Path:
        self._create_tables(make_settings(self._directory))
        self._sqlite_template = self._directory / "draagvlak.db"
        return self._sqlite_template

    def _make_postgresql_template(self) -> str:
        name = self._bare()
        self._create_tables(make_settings(self._directory, DATABASE_URL=self._running().url(name)))
        self._postgresql_template = name
        return name

    def _running(self) -> Server:
        if self._server is None:
            raise RuntimeError("this test needs PostgreSQL, but asked for it past the `database` fixture")
        return self._server

    def _name(self) -> str:
        return f"dv_{os.getpid()}_{next(self._numbers)}"

    def _bare(self) -> str:
        """A database as an installation gets it: one schema of the role's name, and no `public`."""
        name, server = self._name(), self._running()
        with server.admin() as admin:
            admin.execute(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(name), Identifier(ROLE)))
        with server.admin(name) as admin:
            admin.execute("DROP SCHEMA public")
            admin.execute(SQL("CREATE SCHEMA {0} AUTHORIZATION {0}").format(Identifier(ROLE)))
        return name

    @contextmanager
    def _created(self, template: str) -> Iterator[str]:
        name, server = self._name(), self._running()
        with server.admin() as admin:
            admin.execute(
                SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*map(Identifier, (name, ROLE, template)))
            )
        try:
            yield server.url(name)
        finally:
            with server.admin() as admin:
                admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
