"""Clients that send slower than any line does are let go: they keep a place that others need.

A request takes a thread only once it is received whole, so half a request holds no donor up. It does hold
one of the server's connections, for as long as a byte comes now and then: that is what is bounded here.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable
from typing import Any

PATIENCE = 30.0  # seconds for a request to arrive
LEAST_RATE = 500  # bytes a second: more of them give more time, as a file on a slow line needs
_EVERY = 1.0  # seconds between two looks
MOST_CONNECTIONS = 1000
_OTHER_FILES = 200  # of database, stored documents and log, that must open also while every connection is taken


def too_slow(seconds: float, received: int) -> bool:
    """Whether a request of which `received` bytes came in so many seconds is not waited for any longer."""
    return seconds > PATIENCE + received / LEAST_RATE


def most_connections() -> int:
    """How many connections this process may hold: so many that files can be opened beside them, however many clients
    come. Raises the number of files that this process may have open where the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = MOST_CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(min(MOST_CONNECTIONS, soft - _OTHER_FILES), 20)


class SlowClients:
    """Remembers when each half request of the server began; `cut` lets go of those that take too long."""

    def __init__(self) -> None:
        self._since: dict[Any, float] = {}  # by request
        self._next_look = 0.0

    def cut(self, channels: Iterable[Any]) -> None:
        """Look at the connections of the server, at most once a second."""
        at = time.monotonic()
        if at < self._next_look:
            return
        self._next_look = at + _EVERY
        halves = {channel.request: channel for channel in list(channels) if channel.request is not None}
        self._since = {request: self._since.get(request, at) for request in halves}
        for request, since in self._since.items():
            if too_slow(at - since, request.header_bytes_received + request.body_bytes_received):
                halves[request].handle_close()
