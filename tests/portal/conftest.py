from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event

from app.extensions import db, writing
from app.ledger.accounts import ensure_chart
from tests.conftest import SettableClock
from tests.factories.organisation import make_organisation
from tests.support.client import Client
from tests.support.mails import links_mailed

Enter = Callable[..., Client]


@pytest.fixture(autouse=True)
def house(app: Flask) -> None:
    """An organisation with a chart of accounts."""
    make_organisation()
    with writing():
        ensure_chart()


def ask(client: Client, email: str) -> str:
    """Ask for a link; the path of the newest one that was mailed."""
    assert client.post("/mijn-giften", data={"email": email}).status_code == 303
    return links_mailed("/mijn-giften/open/")[-1]


@pytest.fixture
def enter(client: Client, clock: SettableClock) -> Enter:
    """`enter("jan@example.nl")` opens Mijn giften of this mailbox; `other=` with another client."""

    def opened(email: str, other: Client | None = None) -> Client:
        visitor = other or client
        clock.forward(seconds=1)  # the newest mail is the last one
        link = ask(visitor, email)
        assert visitor.post(link).status_code == 303
        return visitor

    return opened


def text_of(page: str) -> str:
    """The words of a page, spaces as one."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\xa0", " ").split())


@contextmanager
def counted() -> Iterator[list[str]]:
    """The SQL statements that run meanwhile."""
    statements: list[str] = []

    def note(*args: object) -> None:
        statements.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)
