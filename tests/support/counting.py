"""Counting the SQL of a page."""

from __future__ import annotations

from sqlalchemy import event

from app.extensions import db
from tests.support.client import Client


def statements_of(client: Client, path: str) -> int:
    """How many statements this page takes the second time it is asked for."""
    client.get(path)
    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", listener := lambda *args: seen.append(args[2]))
    client.get(path)
    event.remove(db.engine, "before_cursor_execute", listener)
    return len(seen)
