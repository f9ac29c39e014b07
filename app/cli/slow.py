"""Clients that send slower than any line does, or do not read their answer, are let go: they keep a place that
others need.

A request takes a thread only once it is received whole, so half a request holds no donor up. It does hold
one of the server's connections, for as long as a byte comes now and then: that is what is bounded here. So does an
answer that is not read, which the server itself would keep for ever.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable
from typing import Any

PATIENCE = 30.0  # seconds for a request to arrive
LEAST_RATE = 500  # bytes a second: more of them give more time, as a file on a slow line needs
STALLED = 60.0  # seconds in which a client may read nothing of its answer
CROWDED = 0.75  # share of the places from which on they may run out
PATIENCE_IN_A_CROWD = 2.0  # seconds that also then everybody has
_READING = "reading"
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
    """Remembers since when the server waits for each client; `cut` lets go of those that take too long.

    Where places run out, those go that it waited for longest, whatever they send or read meanwhile: a donor comes,
    asks and is gone, while who means harm fills every place. Time alone would leave them all of it.
    """

    def __init__(self, places: int) -> None:
        self._places = places  # the most connections that the server holds
        self._since: dict[Any, tuple[object, float]] = {}  # by connection: what is waited for, and since when
        self._next_look = 0.0

    def cut(self, channels: Iterable[Any]) -> None:
        """Look at the connections of the server, at most once a second."""
        at = time.monotonic()
        if at < self._next_look:
            return
        self._next_look = at + _EVERY
        held = list(channels)
        now = {channel: awaited for channel in held if (awaited := _awaited(channel)) is not None}
        before = {channel: self._since.get(channel, (None, at)) for channel in now}
        self._since = {
            channel: before[channel] if before[channel][0] == awaited else (awaited, at)
            for channel, awaited in now.items()
        }
        for channel in [channel for channel in now if self._takes_too_long(channel, at)]:
            self._let_go(channel)
        if len(held) > self._places * CROWDED:
            oldest = sorted(self._since, key=lambda channel: self._since[channel][1])[: len(held) - self._places // 2]
            for channel in oldest:
                if at - self._since[channel][1] > PATIENCE_IN_A_CROWD:
                    self._let_go(channel)

    def _takes_too_long(self, channel: Any, at: float) -> bool:
        awaited, since = self._since[channel]
        if awaited == _READING:
            return min(at - since, time.time() - channel.last_activity) > STALLED
        if channel.request is None:
            return False  # the server's own channel_timeout is about these
        return too_slow(at - since, channel.request.header_bytes_received + channel.request.body_bytes_received)

    def _let_go(self, channel: Any) -> None:
        del self._since[channel]
        channel.handle_close()


def _awaited(channel: Any) -> object:
    """What a client owes us: that it reads an answer, the rest of a request, or a request at all. None while it
    waits for us."""
    if channel.total_outbufs_len:
        return _READING
    return None if channel.requests else channel.request or channel.last_activity
