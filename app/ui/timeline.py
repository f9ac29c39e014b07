"""What happened to a record, told by every room that knows something of it.

@timeline.source("supporter", "gifts", permission=Permission.GIFTS_READ)
def gifts_of(supporter_id: int, limit: int) -> list[Entry]: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.ui.permissions import Permission, may


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; `title` and `text` are shown as they are (translated by who tells it)."""

    at: datetime
    title: str
    text: str = ""
    who: str = ""
    icon: str = "dot"
    tone: str = ""
    url: str = ""


Source = Callable[[int, int], list[Entry]]
_sources: dict[str, dict[str, tuple[Permission, Source]]] = {}


def source(kind: str, key: str, *, permission: Permission) -> Callable[[Source], Source]:
    """Register who tells about records of this kind; it gives its newest entries, at most as many as asked."""

    def register(teller: Source) -> Source:
        _sources.setdefault(kind, {})[key] = (permission, teller)
        return teller

    return register


def told(kind: str, record_id: int, *, limit: int = 30) -> list[Entry]:
    """The newest entries of all that the signed-in person may see."""
    entries: list[Entry] = []
    for permission, teller in _sources.get(kind, {}).values():
        if may(permission):
            entries += teller(record_id, limit)
    return sorted(entries, key=lambda e: e.at, reverse=True)[:limit]
