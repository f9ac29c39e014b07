"""Bank files on disk, sealed piece by piece, so that neither keeping nor reading one fills memory."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.banking.formats.facts import Unreadable
from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import settings
from app.vault.rotation import declare_store
from app.vault.services import is_current, seal, unseal_bytes

MAX_BYTES = 512 * 1024 * 1024
_PIECE = 1 << 20
_SIZE = 4  # bytes that say how long the next sealed piece is


@dataclass(frozen=True, slots=True)
class Kept:
    sha256: str
    size: int


def keep(source: BinaryIO) -> Kept:
    """Store a file under the hash of its content, outside any transaction. The same content is kept once.

    Raises Unreadable where it is empty or too large; OSError where the disk is full (nothing stays behind).
    """
    folder = settings().data_dir / "bank-files"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f".{secrets.token_hex(8)}"
    digest, size = hashlib.sha256(), 0
    # The pieces are sealed for this name, which is not yet the hash: it is known only at the end.
    label = secrets.token_hex(16)
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(label.encode())
            for number, piece in enumerate(iter(lambda: source.read(_PIECE), b"")):
                digest.update(piece)
                size += len(piece)
                if size > MAX_BYTES:
                    raise Unreadable(N_("This file is larger than %(most)s MB."), most=MAX_BYTES >> 20)
                _put(file, seal(piece, f"bank-file:{label}:{number}"))
            if not size:
                raise Unreadable(N_("This file is empty."))
            file.flush()
            os.fsync(file.fileno())
        target = _path(digest.hexdigest())
        if not target.exists():
            draft.replace(target)
            _sync(folder)
    finally:
        draft.unlink(missing_ok=True)
    return Kept(digest.hexdigest(), size)


def open_kept(sha256: str) -> io.BufferedReader:
    """The content, opened piece by piece while it is read. Raises NotFound where it is gone from disk."""
    path = _path(sha256)
    if not path.exists():
        raise NotFound(N_("This file is not here (any more)."))
    return io.BufferedReader(_Pieces(path), _PIECE)


class _Pieces(io.RawIOBase):
    def __init__(self, path: Path) -> None:
        self._pieces = _opened(path)
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


def _put(file: BinaryIO, blob: bytes) -> None:
    file.write(len(blob).to_bytes(_SIZE, "big") + blob)


def _blobs(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        label = file.read(32).decode("ascii")
        for number in range(MAX_BYTES // _PIECE + 2):
            head = file.read(_SIZE)
            if not head:
                return
            yield f"bank-file:{label}:{number}", file.read(int.from_bytes(head, "big"))


def _opened(path: Path) -> Iterator[bytes]:
    return (unseal_bytes(blob, context) for context, blob in _blobs(path))


def _path(sha256: str) -> Path:
    return settings().data_dir / "bank-files" / sha256


def _sync(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _reseal() -> int:
    changed = 0
    for path in (settings().data_dir / "bank-files").glob("[0-9a-f]*"):
        if all(is_current(blob) for _, blob in _blobs(path)):
            continue
        draft = path.with_name(f".{secrets.token_hex(8)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file, path.open("rb") as old:
            file.write(old.read(32))
            for context, blob in _blobs(path):
                _put(file, seal(unseal_bytes(blob, context), context))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        changed += 1
    return changed


declare_store("bank files", _reseal)
