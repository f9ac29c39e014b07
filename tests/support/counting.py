"""Counting the SQL of a page or of a job."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import event

from app.extensions import db
from tests.support.client import Client


def statements(work: Callable[[], object]) -> int:
    """How many statements this work takes."""
    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", listener := lambda *args: seen.append(args[2]))
    work()
    event.remove(db.engine, "before_cursor_execute", listener)
    return len(seen)


def statements_of(client: Client, path: str) -> int:
    """How many statements this page takes the second time it is asked for."""
    client.get(path)
    return statements(lambda: client.get(path))
