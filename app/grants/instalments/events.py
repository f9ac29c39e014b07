"""What instalments say to the rooms above, in the transaction in which it happens."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptsTakenBack(Event):
    """`ids` are receipts that were wrong; what was booked of them is reversed."""
