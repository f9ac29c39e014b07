"""What is posted: an entry with its lines, before it has ids. Built by postings.py."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date

from app.ledger.models import KEY_LENGTH, Event
from app.ledger.rj import RjLine


@dataclass(frozen=True, slots=True)
class Line:
    """Cents on the account with this code: debit positive, credit negative.

    `rj_line` only where it differs from the account's.
    """

    account: str
    cents: int
    programme_id: int | None = None
    grant_id: int | None = None
    campaign_id: int | None = None
    rj_line: RjLine | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A money event on its booking date. `source` is the (type, id) of the row it came from; `key`
    is what makes posting it twice the same as once."""

    event: Event
    booked_on: date
    source: tuple[str, int]
    key: str
    lines: tuple[Line, ...]
    reverses_id: int | None = None

    def __post_init__(self) -> None:
        if len(self.lines) < 2 or sum(line.cents for line in self.lines) != 0:
            raise ValueError(f"{self.key}: an entry has two lines at least, and they sum to 0")
        if any(type(line.cents) is not int or line.cents == 0 for line in self.lines):
            raise ValueError(f"{self.key}: a line is a whole number of cents other than 0")
        if type(self.booked_on) is not date:
            raise ValueError(f"{self.key}: the booking date is a date without time")
        if not 0 < len(self.key) <= KEY_LENGTH:
            raise ValueError(f"{self.key[:40]!r}: a key has 1 to {KEY_LENGTH} characters")

    @property
    def content(self) -> bytes:
        """16 bytes that differ where anything in the entry differs."""
        lines = [
            (x.account, x.cents, x.programme_id, x.grant_id, x.campaign_id, x.rj_line and x.rj_line.value)
            for x in self.lines
        ]
        whole = (self.event.value, self.booked_on.isoformat(), *self.source, self.reverses_id, lines)
        return hashlib.blake2b(json.dumps(whole).encode(), digest_size=16).digest()


def reversal_key(entry_id: int) -> str:
    """The key of the counter entry of this entry."""
    return f"reversal:{entry_id}"
