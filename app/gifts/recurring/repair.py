"""The link in a mail by which a donor mends a failed collection: another account, another way, pay now.

The page lives in a higher room, which registers it at start; until one does, mails say whom to write to.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.extensions import settings
from app.links import services as links

PURPOSE = "recurring.repair"  # its subject is the commitment
_pages: list[Callable[[str, str], str]] = []


def register(page: Callable[[str, str], str]) -> None:
    """`page(token, language)` gives the path of the page, starting with a slash."""
    _pages[:] = [page]


def link_for(commitment_id: int, language: str, *, now: datetime) -> str:
    """A fresh link, good until the collection is mended; "" where there is no page. Inside `with writing():`."""
    if not _pages:
        return ""
    token = links.issue(PURPOSE, commitment_id, now=now, lifetime=None, single_use=False)
    return settings().public_url + _pages[0](token, language)


def close(commitment_id: int, *, now: datetime) -> None:
    """What was to be mended is mended: the links open nothing any more."""
    links.revoke(PURPOSE, commitment_id, now=now)
