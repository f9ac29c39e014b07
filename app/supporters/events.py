"""What the supporters room tells the rooms above it, in the transaction in which it happens."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportersDied(Event):
    """`ids` are people whose death was just recorded: end what runs for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportersAlive(Event):
    """`ids` are people whose death was noted by mistake: what that ended did not end."""
