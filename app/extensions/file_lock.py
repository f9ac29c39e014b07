"""One process at a time, by a lock on a file; it goes with the process that holds it, however that ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for our turn, and keep it for as long as the block runs. Raises OSError where no file can be made."""
    with path.open("ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # Closing would not do: a child forked meanwhile has the file open too.
            fcntl.flock(file, fcntl.LOCK_UN)
