"""Calls to Mollie that end in time: a donor waits, and so does one of our few threads.

The client's own time-outs start anew with every byte, so a call runs beside the request and is
left behind at the deadline. There are no more callers than requests answered at the same time, so that
no donor waits for another's call; when they are all busy, or when the last calls gave no answer, the
next ones do not even try for a moment: the job tries later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

from app.payments.providers.base import ProviderUnsure

DEADLINE = 8.0  # seconds for a call, redirects and reading included
LEAST_AT_ONCE = 16
FAILURES_TO_REST = 5
REST_SECONDS = 10.0
T = TypeVar("T")


class Caller:
    """Runs calls with a client of their own each, kept for reuse."""

    def __init__(self, make_client: Callable[[], Any], threads: int = 0) -> None:
        self._make_client = make_client
        self._idle: list[Any] = []
        self._room = threading.BoundedSemaphore(max(threads, LEAST_AT_ONCE))
        self._lock = threading.Lock()
        self._failures = 0
        self._rest_until = 0.0

    def call(self, ask: Callable[[Any], T]) -> T:
        """`ask(client)` within the deadline. Raises what it raises, or ProviderUnsure."""
        if time.monotonic() < self._rest_until:
            raise ProviderUnsure("the last calls gave no answer; waiting a moment")
        if not self._room.acquire(timeout=DEADLINE / 2):
            raise ProviderUnsure("too many calls are waiting for an answer")
        future: Future[T] = Future()
        threading.Thread(target=self._run, args=(ask, future), name="mollie", daemon=True).start()
        try:
            answer = future.result(timeout=DEADLINE)
        except FutureTimeout:
            self._count(failed=True)
            raise ProviderUnsure(f"no answer within {DEADLINE:.0f} seconds") from None
        except ProviderUnsure:
            self._count(failed=True)
            raise
        except Exception:
            self._count(failed=False)
            raise
        self._count(failed=False)
        return answer

    def _run(self, ask: Callable[[Any], T], future: Future[T]) -> None:
        try:
            with self._lock:
                client = self._idle.pop() if self._idle else None
            client = client or self._make_client()
            answer = ask(client)
        except BaseException as error:
            future.set_exception(error)  # a client that failed is not used again
        else:
            with self._lock:
                self._idle.append(client)
            future.set_result(answer)
        finally:
            self._room.release()

    def _count(self, *, failed: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures >= FAILURES_TO_REST:
                self._failures, self._rest_until = 0, time.monotonic() + REST_SECONDS
