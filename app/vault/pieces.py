"""Large files on disk, sealed piece by piece, so that neither keeping nor reading one fills memory."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import settings
from app.vault.rotation import declare_store
from app.vault.services import is_current, seal, unseal_bytes

_SIZE = 4  # bytes that say how long the next sealed piece is


@dataclass(frozen=True, slots=True)
class Kept:
    sha256: str
    size: int


class SealedStore:
    """A folder of DATA_DIR whose files have the hash of their content as their name. Make one at import.

    `sealed_for` is what their pieces are sealed for, the folder's name unless said.
    """

    def __init__(self, folder: str, sealed_for: str = "") -> None:
        self._name, self._sealed_for = folder, sealed_for or folder
        declare_store(folder, self._reseal)

    def keep(self, pieces: Iterable[bytes]) -> Kept:
        """Store a file, outside any transaction; the same content is kept once. What `pieces` raises goes through,
        as does OSError where the disk is full: then nothing stays behind."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f".{secrets.token_hex(8)}"
        digest, size = hashlib.sha256(), 0
        label = secrets.token_hex(16)  # what the pieces are sealed for: the hash is known only at the end
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(label.encode())
                for number, piece in enumerate(pieces):
                    digest.update(piece)
                    size += len(piece)
                    _put(file, seal(piece, self._context(label, number)))
                file.flush()
                os.fsync(file.fileno())
            if not self._path(digest.hexdigest()).exists():
                draft.replace(self._path(digest.hexdigest()))
                self._sync()
        finally:
            draft.unlink(missing_ok=True)
        return Kept(digest.hexdigest(), size)

    def read(self, sha256: str) -> Iterator[bytes]:
        """The content piece by piece. Raises NotFound where it is gone from disk, Unsealable where it was damaged."""
        path = self._path(sha256)
        if not path.exists():
            raise NotFound(N_("This file is not here (any more)."))
        return (unseal_bytes(blob, context) for context, blob in self._blobs(path))

    def holds(self, sha256: str) -> bool:
        """Whether it is here still."""
        return self._path(sha256).exists()

    def forget(self, sha256: str) -> None:
        """Take a file off the disk; one that is gone already is fine."""
        self._path(sha256).unlink(missing_ok=True)

    def kept(self, *, before: datetime) -> list[str]:
        """The hashes of what lies here since before this instant."""
        then = before.timestamp()
        return [path.name for path in self._folder.glob("[0-9a-f]*") if path.stat().st_mtime < then]

    @property
    def _folder(self) -> Path:
        return settings().data_dir / self._name

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256

    def _context(self, label: str, number: int) -> str:
        return f"{self._sealed_for}:{label}:{number}"

    def _blobs(self, path: Path) -> Iterator[tuple[str, bytes]]:
        with path.open("rb") as file:
            label, number = file.read(32).decode("ascii"), 0
            while head := file.read(_SIZE):
                yield self._context(label, number), file.read(int.from_bytes(head, "big"))
                number += 1

    def _sync(self) -> None:
        directory = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _reseal(self) -> int:
        changed = 0
        for path in self._folder.glob("[0-9a-f]*"):
            if all(is_current(blob) for _, blob in self._blobs(path)):
                continue
            draft = path.with_name(f".{secrets.token_hex(8)}")
            with (
                open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
                path.open("rb") as old,
            ):
                file.write(old.read(32))
                for context, blob in self._blobs(path):
                    _put(file, seal(unseal_bytes(blob, context), context))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            changed += 1
        return changed


def _put(file: BinaryIO, blob: bytes) -> None:
    file.write(len(blob).to_bytes(_SIZE, "big") + blob)
