"""Several processes on one address: one interpreter uses one core, a server has more of them.

The first process makes the database ready, takes the address and forks; then it only watches. A process that
ends by itself is started again, and donors do not notice: the others take what waits at the shared address.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from types import FrameType

from config import Settings

MOST_BY_DEFAULT = 4
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
_AGAIN_AFTER = 1.0  # seconds between two starts of a process that cannot live
log = logging.getLogger(__name__)


def wanted(setting: int) -> int:
    """How many server processes: the setting, or for 0 one for each core that we may use, at most four."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return setting or min(cores, MOST_BY_DEFAULT)


def apart(work: Callable[[Settings], str], config: Settings) -> str:
    """What `work` answers, done in a process that ends with it. The demo writes PDFs, and Typst then keeps threads
    of its own: a process forked beside them would wait for them for ever at its first PDF. Raises what it raised."""
    alive = os.pipe()
    fork = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(1, mp_context=fork, initializer=_end_with_the_first, initargs=(alive,)) as pool:
            return pool.submit(work, config).result()
    finally:
        for end in alive:
            os.close(end)


def _end_with_the_first(alive: tuple[int, int]) -> None:
    """In a process that was forked: end when the first one does, however that dies. Its end of the pipe closes then;
    what went on alone would keep the address."""
    os.close(alive[1])

    def wait() -> None:
        os.read(alive[0], 1)
        os._exit(1)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


class Crew:
    """Runs each piece of work in a process of its own until SIGTERM or SIGINT; each stops by itself on SIGTERM.

    Nothing may be open that processes must not share, above all no database connection. Those that have not
    stopped `grace` seconds after they were asked to are killed; when the first process dies, all die with it.
    """

    def __init__(self, works: Sequence[Callable[[], None]], *, grace: float, on_stop: Callable[[], None]) -> None:
        self._works = works
        self._grace = grace
        self._on_stop = on_stop
        self._running: dict[int, tuple[Callable[[], None], float]] = {}  # pid → work, begun at
        self._stopping = False

    def run(self) -> None:
        # What is loaded stays shared memory only while nobody touches it, and collecting garbage touches it all.
        gc.collect()
        gc.freeze()
        self._alive = os.pipe()
        before = {number: signal.signal(number, self._asked) for number in _SIGNALS}
        for work in self._works:
            self._start(work)
        while self._running:
            pid, status = os.wait()
            ended = self._running.pop(pid, None)  # as the first process of a container we inherit others' children
            if ended is None or self._stopping:
                continue
            work, begun = ended
            log.error("process %d ended with %d; another takes its place", pid, os.waitstatus_to_exitcode(status))
            time.sleep(max(0.0, begun + _AGAIN_AFTER - time.monotonic()))
            self._start(work)
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        """Signals reach the first process alone, or all of them when somebody types Ctrl-C."""
        if not self._stopping:
            self._stopping = True
            self._on_stop()
            signal.alarm(max(1, round(self._grace)))
        for pid in self._running:
            os.kill(pid, signal.SIGKILL if number == signal.SIGALRM else signal.SIGTERM)

    def _start(self, work: Callable[[], None]) -> None:
        """Begin one more, as soon as the machine has room for it."""
        pid = -1
        while pid < 0 and not self._stopping:
            # Between the fork and the note of its number no signal may come: it would not be passed on.
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
            try:
                if not self._stopping:
                    pid = os.fork()
                    if pid == 0:
                        self._be(work)
                    self._running[pid] = (work, time.monotonic())
            except OSError:
                log.exception("no process could be started")
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            if pid < 0:
                time.sleep(_AGAIN_AFTER)

    def _be(self, work: Callable[[], None]) -> None:
        """The life of a process that was just forked."""
        code = 1
        try:
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            _end_with_the_first(self._alive)
            work()
            code = 0
        except Exception:
            log.exception("process %d could not go on", os.getpid())
        finally:
            os._exit(code)
