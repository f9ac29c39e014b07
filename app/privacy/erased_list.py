"""Who was erased, in a file of its own that backups do not hold: a backup that is restored knows nothing of it.

One line each: the id, which says nothing without the database, and when. docs/operate.md says where to copy it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from app.extensions import settings

NAME = "erased.txt"


def path() -> Path:
    """The file, in DATA_DIR."""
    return settings().data_dir / NAME


def ids() -> set[int]:
    """Everybody on the list. A line cut off by a crash is left out: its erasure was not done, and comes again."""
    if not path().exists():
        return set()
    lines = path().read_text(encoding="ascii", errors="replace").splitlines()
    return {int(line.split()[0]) for line in lines if len(line.split()) == 2 and line.split()[0].isdecimal()}


def add(supporter_ids: Iterable[int], at: datetime) -> None:
    """Write these down, on the disk before it returns. Who is there already is not added again."""
    there = ids()
    lines = "".join(f"{each} {at:%Y-%m-%dT%H:%M:%SZ}\n" for each in supporter_ids if each not in there)
    if lines:
        with open(os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="ascii") as file:
            file.write(f"\n{lines}" if _cut_off() else lines)
            file.flush()
            os.fsync(file.fileno())


def _cut_off() -> bool:
    content = path().read_bytes() if path().exists() else b""
    return bool(content) and not content.endswith(b"\n")
