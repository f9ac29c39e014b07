from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.base import events
from app.base.events import Event
from app.payments.events import (
    CheckoutsPaid,
    CheckoutsPromised,
    PaymentsChargedBack,
    PaymentsRefunded,
    PaymentsUndone,
)

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
