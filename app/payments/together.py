"""Doing at once what several requests came for: one transaction of many instead of many of one.

While one request does its work the others queue; the first of them then does it for all that came
meanwhile, also while it waited for the write lock. Nobody waits for company: who comes alone goes at once,
alone. Right for work that takes lists and costs about as much for ten as for one.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
Take = Callable[[], list[T]]
log = logging.getLogger(__name__)


class _Wish(Generic[T]):
    """What one request wants done; `woken` when that happened or failed, or when it leads the next group."""

    def __init__(self, key: int, item: T) -> None:
        self.key, self.item = key, item
        self.leads = self.done = False
        self.woken = threading.Event()


class Together(Generic[T]):
    """At most `most` items at a time, and never two of one key: the second must see what the first did."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[_Wish[T]] = deque()
        self._busy = False
        self._lock = threading.Lock()

    def do(self, key: int, item: T, work: Callable[[Take[T]], None]) -> None:
        """Returns after a `work` that took this item has returned, in whichever thread: what it committed is kept.
        It calls what it is given once, when it can begin, for the items that are its to do. Where one raises, each
        of its group does its own alone, and raises what that raises."""
        wish = _Wish(key, item)
        with self._lock:
            self._waiting.append(wish)
            wish.leads, self._busy = not self._busy, True
        if not wish.leads:
            wish.woken.wait()
        if wish.leads:
            self._lead(work)
        if not wish.done:
            work(lambda: [item])

    def _lead(self, work: Callable[[Take[T]], None]) -> None:
        group: list[_Wish[T]] = []

        def take() -> list[T]:
            group.extend(self._take())
            return [wish.item for wish in group]

        try:
            work(take)
            for wish in group:
                wish.done = True
        except BaseException as error:
            if not group:  # it never came so far: whoever waited is told so all the same
                take()
            if len(group) == 1 or not isinstance(error, Exception):
                raise
            log.warning("what %d did together failed, so each does it alone: %s", len(group), type(error).__name__)
        finally:
            self._hand_over(group)

    def _take(self) -> list[_Wish[T]]:
        """Whoever waits longest leads, and so is the first of the group."""
        group: dict[int, _Wish[T]] = {}
        twice: list[_Wish[T]] = []
        with self._lock:
            while self._waiting and len(group) < self._most:
                wish = self._waiting.popleft()
                if group.setdefault(wish.key, wish) is not wish:
                    twice.append(wish)
            self._waiting.extendleft(reversed(twice))
        return list(group.values())

    def _hand_over(self, group: list[_Wish[T]]) -> None:
        with self._lock:
            self._busy = bool(self._waiting)
            if self._busy:
                self._waiting[0].leads = True
                group = [*group, self._waiting[0]]
        for wish in group:
            wish.woken.set()
