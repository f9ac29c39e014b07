"""What obligations tell the concepts that stand on them, in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDatesMoved(Event):
    """The funder's date of these obligations is another one now."""
