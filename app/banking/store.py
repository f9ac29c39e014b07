"""Bank files as they came, kept sealed under their hash."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from app.banking.formats.facts import Unreadable
from app.base.states import N_
from app.vault.pieces import Kept, SealedStore

MAX_BYTES = 512 * 1024 * 1024
_PIECE = 1 << 20
_STORE = SealedStore("bank-files", sealed_for="bank-file")


def keep(source: BinaryIO) -> Kept:
    """Store a file, outside any transaction. The same content is kept once.

    Raises Unreadable where it is empty or too large; OSError where the disk is full (nothing stays behind).
    """
    return _STORE.keep(_pieces(source))


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    size = 0
    while piece := source.read(_PIECE):
        size += len(piece)
        if size > MAX_BYTES:
            raise Unreadable(N_("This file is larger than %(most)s MB."), advice="", most=MAX_BYTES >> 20)
        yield piece
    if not size:
        raise Unreadable(N_("This file is empty."))


def open_kept(sha256: str) -> io.BufferedReader:
    """The content, opened piece by piece while it is read. Raises NotFound where it is gone from disk."""
    return io.BufferedReader(_Reader(_STORE.read(sha256)), _PIECE)


def forget(sha256: str) -> None:
    """Take a file off the disk."""
    _STORE.forget(sha256)


class _Reader(io.RawIOBase):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
