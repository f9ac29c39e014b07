"""What the outbox says to the rooms above, in the transaction in which it happens."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersPosted(Event):
    """`ids` are letters that were printed and are in the post."""
