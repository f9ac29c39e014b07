"""What the privacy room tells the rooms above it, in the transaction in which it happens."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportersErased(Event):
    """`ids` are supporters who are being erased: end what runs for them. Their rows are still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportersRejoined(Event):
    """`ids` are supporters whose rows moved from one to the other, by a merge or its undoing: make anew what
    is derived of them."""
