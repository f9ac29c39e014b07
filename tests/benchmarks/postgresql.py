"""A PostgreSQL of its own for one benchmark: durable, since that has its price."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg.sql import SQL, Identifier

from tests.benchmarks.harness import tree_seconds
from tests.support.postgres import ROLE, Missing, Postgres, Server

NAME = "bench"


@dataclass(frozen=True, slots=True)
class Running:
    """The server, with one database as an installation gets it."""

    server: Server
    pid: int

    @property
    def url(self) -> str:
        return self.server.url(NAME)

    def copy(self, name: str) -> None:
        """Another database like it is now."""
        with self.server.admin() as admin:
            names = map(Identifier, (name, ROLE, NAME))
            admin.execute(SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*names))

    def processor_seconds(self) -> float:
        """What all its processes have used so far, those that ended too."""
        return tree_seconds(self.pid, ended=True)


@contextmanager
def running() -> Iterator[Running]:
    """Ends the benchmark, with the reason, where there is no PostgreSQL."""
    postgres = Postgres(durable=True)
    try:
        try:
            server = postgres.start()
        except Missing as reason:
            raise SystemExit(str(reason)) from None
        with server.admin() as admin:
            admin.execute(f"CREATE DATABASE {NAME} OWNER {ROLE}")
        with server.admin(NAME) as admin:
            admin.execute(f"CREATE SCHEMA {ROLE} AUTHORIZATION {ROLE}")
        yield Running(server, postgres.pid)
    finally:
        postgres.stop()
