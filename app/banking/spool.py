"""What a file told, kept packed in memory between checking it and entering it.

Reading a CAMT file costs more than all that is done with it, so it is read once. Packed, an entry
takes some 80 bytes, and nothing of it lies unsealed on disk.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import date
from typing import Any

from app.banking.formats.facts import Entry, Transaction

_PACK = 250  # entries packed together


class Spool:
    """Entries in order, each with the position of its statement in the file, from 0."""

    def __init__(self) -> None:
        self._packs: list[bytes] = []
        self._open: list[Any] = []

    def add(self, statement: int, entry: Entry) -> None:
        self._open.append((statement, _flat(entry)))
        if len(self._open) == _PACK:
            self._close()

    def _close(self) -> None:
        self._packs.append(zlib.compress(json.dumps(self._open).encode(), 1))
        self._open = []

    def __iter__(self) -> Iterator[tuple[int, Entry]]:
        if self._open:
            self._close()
        for pack in self._packs:
            for statement, flat in json.loads(zlib.decompress(pack)):
                yield statement, _entry(flat)


def _flat(entry: Entry) -> list[Any]:
    return [
        entry.booked_on.toordinal(), entry.cents, entry.value_on.toordinal() if entry.value_on else None,
        entry.reference, entry.code, entry.bank_code, entry.is_return, entry.batch, entry.day_guessed,
        [
            [t.cents, t.end_to_end, t.mandate, t.creditor_id, t.batch, t.structured, t.name, t.iban, t.bic, t.text,
             t.return_reason, t.ultimate]
            for t in entry.transactions
        ],
    ]  # fmt: skip


def _entry(flat: list[Any]) -> Entry:
    booked_on, cents, value_on, reference, code, bank_code, is_return, batch, day_guessed, transactions = flat
    return Entry(
        date.fromordinal(booked_on), cents, date.fromordinal(value_on) if value_on else None, reference, code,
        bank_code, is_return, batch, [Transaction(*each) for each in transactions], day_guessed=day_guessed,
    )  # fmt: skip
