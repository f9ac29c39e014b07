"""Entries to try the ledger with."""

from __future__ import annotations

from datetime import date

from app.ledger import postings
from app.ledger.entries import Entry
from app.ledger.rj import RjLine


def gift_entry(
    number: int = 1, cents: int = 2500, on: date = date(2026, 11, 23), *, rj_line: RjLine = RjLine.INDIVIDUALS
) -> Entry:
    """A gift received through the demo provider, of no gift row: the checks of the gifts leave it alone."""
    return postings.gift_received(("sample", number), cents, on, postings.Purpose(rj_line=rj_line), via="demo")
