"""How often one thing may be asked of a provider: counted in memory, bounded in size.

It protects the provider and our threads from pings that anybody can send; what it holds back the
poller does a little later. So it need not be exact, nor shared between processes.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque


class Gate:
    """At most `limit` passes per key in any `window` seconds, for the `size` keys last seen."""

    def __init__(self, limit: int, window: float, size: int = 10_000) -> None:
        self._limit, self._window, self._size = limit, window, size
        self._passed: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def passes(self, key: str = "") -> bool:
        now = time.monotonic()
        with self._lock:
            times = self._passed.setdefault(key, deque())
            self._passed.move_to_end(key)
            while len(self._passed) > self._size:
                self._passed.popitem(last=False)
            while times and times[0] <= now - self._window:
                times.popleft()
            if len(times) >= self._limit:
                return False
            times.append(now)
            return True

    def is_shut(self, key: str) -> bool:
        """Whether `passes` would say no; counts nothing."""
        now = time.monotonic()
        with self._lock:
            times = self._passed.get(key, ())
            return sum(t > now - self._window for t in times) >= self._limit
