"""Domain events: how a high room reacts to a low one without being imported by it.

The event's class lives in the room that says it and carries a list of ids. Handlers run in
the same transaction, in the order they were registered; rooms start from the lowest floor
up, so that is floor order. A handler that raises undoes the whole transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.base.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened to these rows; `actor` did it at `at` (UTC)."""

    ids: tuple[int, ...]
    actor: Actor
    at: datetime


E = TypeVar("E", bound=Event)
_handlers: dict[type[Event], list[Callable[..., None]]] = {}


def on(event: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a handler: ``@on(PaymentsPaid)``. Registering twice keeps one."""

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        handlers = _handlers.setdefault(event, [])
        if handler not in handlers:
            handlers.append(handler)
        return handler

    return register


def publish(event: Event) -> None:
    """Run the event's handlers now, in this transaction. No ids, no event."""
    if event.ids:
        for handler in _handlers.get(type(event), []):
            handler(event)
