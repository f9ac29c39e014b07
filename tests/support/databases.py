"""A fresh database for each test, like one template per process; SQLite and PostgreSQL alike."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import Connection
from psycopg.sql import SQL, Identifier
from sqlalchemy import text

from app import create_app
from app.extensions import db, migrating
from app.extensions.database import writing_connection
from config import Settings
from tests.support.cleaning import Lent
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
        self._admin: Connection | None = None
        self._used: list[str] = []
        self._back: list[Lent] = []

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
            with self._lent(self._postgresql_template or self._make_postgresql_template()) as url:
                yield url

    @contextmanager
    def empty(self, kind: str, directory: Path) -> Iterator[str]:
        """The address of a database without a single table."""
        self._share_secrets(directory)
        if kind == "sqlite":
            yield f"sqlite:///{directory / 'draagvlak.db'}"
        else:
            name = self._bare()
            yield self._running().url(name)
            self._used.append(name)

    def _share_secrets(self, directory: Path) -> None:
        if not (made := self._directory / "secrets.json").exists():
            make_settings(self._directory)
        shutil.copy(made, directory / "secrets.json")

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
    def _lent(self, template: str) -> Iterator[str]:
        """A database like `template`: the one of an earlier test, made as new, or a copy.

        It is cleaned when the next test wants it, and dropped when another is made. By then its connections are gone:
        PostgreSQL would wait a tenth of a second for them now.
        """
        lent = self._cleaned() or self._copied(template)
        try:
            yield self._running().url(lent.name)
        finally:
            self._back.append(lent)

    def _cleaned(self) -> Lent | None:
        while self._back:
            lent = self._back.pop()
            if lent.cleaned():
                return lent
            lent.close()
            self._used.append(lent.name)
        return None

    def _copied(self, template: str) -> Lent:
        if self._admin is None:
            self._admin = self._running().admin()
        while self._used:
            self._admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(self._used.pop())))
        name = self._name()
        names = map(Identifier, (name, ROLE, template))
        self._admin.execute(SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY").format(*names))
        return Lent(name, ROLE, self._running().admin(name))

    def close(self) -> None:
        for lent in self._back:
            lent.close()
        if self._admin is not None:
            self._admin.close()
