from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.base import events
from app.base.events import Event
from app.extensions import db
from app.payments.events import (
    CheckoutsPaid,
    CheckoutsPromised,
    PaymentsChargedBack,
    PaymentsRefunded,
    PaymentsUndone,
)
from tests.conftest import SettableClock, make_settings
from tests.support.client import Client
from tests.support.fake_mollie import FakeMollie

KINDS: tuple[type[Event], ...] = (
    CheckoutsPaid, CheckoutsPromised, PaymentsUndone, PaymentsRefunded, PaymentsChargedBack,
)  # fmt: skip


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    """What payments said, by a subscriber beside those of the rooms above."""
    said: list[Event] = []
    listener: Callable[[Event], None] = said.append
    for kind in KINDS:
        events.on(kind)(listener)
    yield said
    for kind in KINDS:
        events._handlers[kind].remove(listener)


@pytest.fixture
def mollie() -> Iterator[FakeMollie]:
    with FakeMollie() as fake:
        fake.hang_seconds = 12.0
        yield fake


@pytest.fixture
def mollie_app(database_url: str, tmp_path: Path, clock: SettableClock, mollie: FakeMollie) -> Iterator[Flask]:
    """The application with Mollie for its provider, over real HTTP."""
    mollie.clock = clock.now
    names = {"DATABASE_URL": database_url, "MOLLIE_API_KEY": mollie.key, "MOLLIE_API_URL": mollie.url}
    names["MOLLIE_ORGANISATION_TOKEN"] = mollie.organisation
    app = create_app(make_settings(tmp_path, **names), clock)
    app.test_client_class = Client
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
