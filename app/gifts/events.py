"""What gifts say to the rooms above, in the transaction in which it happens."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftsUndone(Event):
    """`ids` are gifts whose receipt was a mistake: they are promised again, or crossed out. What was booked of
    them is reversed."""
