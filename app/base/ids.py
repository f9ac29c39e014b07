"""Row ids made in the application: time-ordered, 63 bits, unique without asking the database.

41 bits of milliseconds since 2024, 10 bits drawn per process, 12 bits of counter. Ids made
here need no sequence, so bulk work knows its ids before it writes, and rows from several
hosts never collide. In JSON ids travel as strings: JavaScript rounds above 53 bits.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
from datetime import UTC, datetime

_EPOCH_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z
_COUNTER_BITS = 12
_PROCESS_BITS = 10
MAX_ID = 2**63 - 1
INSTANT_BITS = _PROCESS_BITS + _COUNTER_BITS  # what of an id is below its millisecond


class _Maker:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._process = secrets.randbits(_PROCESS_BITS)
        self._ms = 0
        self._counter = 0

    def make(self, count: int) -> list[int]:
        with self._lock:
            if os.getpid() != self._pid:
                self._start()
            made = []
            # A clock set back must not give ids twice: keep counting in the last millisecond seen.
            now = max(time.time_ns() // 1_000_000 - _EPOCH_MS, self._ms)
            if now > self._ms:
                self._ms, self._counter = now, 0
            for _ in range(count):
                if self._counter >= 1 << _COUNTER_BITS:
                    self._ms, self._counter = self._ms + 1, 0
                made.append((self._ms << _PROCESS_BITS | self._process) << _COUNTER_BITS | self._counter)
                self._counter += 1
            return made

    def block(self, count: int) -> int:
        if count > 1 << _COUNTER_BITS:
            raise ValueError(f"at most {1 << _COUNTER_BITS} ids in a row")
        with self._lock:
            if os.getpid() != self._pid:
                self._start()
            now = max(time.time_ns() // 1_000_000 - _EPOCH_MS, self._ms)
            if now > self._ms or self._counter + count > 1 << _COUNTER_BITS:
                self._ms, self._counter = max(now, self._ms + 1), 0
            first = (self._ms << _PROCESS_BITS | self._process) << _COUNTER_BITS | self._counter
            self._counter += count
            return first


_maker = _Maker()


def new_id() -> int:
    """One new row id."""
    return _maker.make(1)[0]


def new_ids(count: int) -> list[int]:
    """`count` new row ids, ascending, for set-based inserts."""
    return _maker.make(count)


def new_block(count: int) -> int:
    """The first of `count` ids (at most 4,096) without a gap, for INSERT … SELECT that counts its rows."""
    return _maker.block(count)


def id_in(text: str | None) -> int | None:
    """The id that a text from outside is, None where it is none: no other script's digits, nothing out of range."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    row_id = int(text)
    return row_id if 0 < row_id <= MAX_ID else None


def made_at(row_id: int) -> datetime:
    """When this id was made (UTC, to the millisecond)."""
    return datetime.fromtimestamp(((row_id >> 22) + _EPOCH_MS) / 1000, UTC)


def stable_id(text: str) -> int:
    """The same id for the same text, so that a primary key can be the idempotency key.

    63 bits of SHA-256: among a million ids the chance of two alike is below 1 in 10 million.
    """
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
