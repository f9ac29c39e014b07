"""`with writing():` is the one way to change the database. A request reads by default.

Nothing slow belongs inside: no HTTP call, mail, PDF, parsing or password hashing. Services
run inside, they never open one; views, jobs and commands open it. On SQLite writers queue on
locks before BEGIN IMMEDIATE, which is fairer and faster than the busy handler that others wait by.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from time import thread_time

from flask import current_app
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from app.extensions import db, settings
from app.extensions.database import WRITING
from app.extensions.file_lock import locked

_one_writer = threading.Lock()
_pace = threading.local()  # `free_from`: when this thread's next batch may begin
_AFTER = "draagvlak_after_commit"
_First = Callable[[Session], None]
_firsts: list[Callable[[], _First | None]] = []
_BATCH_SECONDS = 0.05


def _writers_wait() -> bool:
    """Whether one writer holds up all others: on PostgreSQL only those who want the same rows wait."""
    return db.engine.dialect.name == "sqlite"


@contextmanager
def _turn() -> Iterator[None]:
    """Our place in the queue of writers, of this process and then of the machine, where there is one."""
    if not _writers_wait():
        yield
        return
    with _one_writer, ExitStack() as stack:
        with suppress(OSError):  # a full disk may refuse even an empty file: then the busy handler must do
            stack.enter_context(locked(settings().data_dir / ".writers.lock"))
        yield


def first_in_writing(prepare: Callable[[], _First | None]) -> Callable[[], _First | None]:
    """Decorate what is asked before each `writing()`, with no transaction open; what it gives runs first inside."""
    _firsts.append(prepare)
    return prepare


class WriteOutsideWriting(RuntimeError):
    """Something tried to change the database outside `with writing():`."""


@contextmanager
def writing() -> Iterator[Session]:
    """A write transaction: committed at the end, rolled back on any exception.

    Objects loaded before it are expired and read afresh inside, so decisions are made on what
    is true now. It does not nest.
    """
    session = db.session()
    if session.info.get(WRITING):
        raise RuntimeError("writing() does not nest: services run inside the caller's transaction")
    firsts = [first for prepare in _firsts if (first := prepare())]
    session.rollback()
    with _turn():
        session.info[WRITING] = True
        session.info[_AFTER] = []
        try:
            session.connection(execution_options={WRITING: True})
            for first in firsts:
                first(session)
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            session.info.pop(_AFTER, None)
            raise
        finally:
            session.info.pop(WRITING, None)
    for action in session.info.pop(_AFTER, []):
        action()


@contextmanager
def writing_in_bulk() -> Iterator[Session]:
    """One bounded batch of a bulk job. On SQLite the lock is free between two batches for as long as it was held, so
    that donors' writes get their turn; what a job prepares meanwhile counts as rest. A worker beside the server rests
    without doing anything: its work would take the interpreter from donors. Keep each batch under about 50 ms
    (`next_batch`)."""
    time.sleep(max(0.0, getattr(_pace, "free_from", 0.0) - time.monotonic()))
    started = time.monotonic()
    with writing() as session:
        started, busy = time.monotonic(), thread_time()
        yield session
    held = min(time.monotonic() - started, 1.0)
    # On a busy machine the clock runs on while nothing is done; shorter batches would only be more of them.
    _pace.cost = max(thread_time() - busy, held / 10)
    _pace.free_from = time.monotonic() + (held if _writers_wait() else 0)
    if threading.current_thread() is not threading.main_thread():
        time.sleep(held)


def next_batch(size: int, usual: int) -> int:
    """How much the next batch of a job may do: what fits the time that others may wait, from half to four times
    the usual. `size` is what the last one did."""
    fits = int(size * _BATCH_SECONDS / max(getattr(_pace, "cost", _BATCH_SECONDS), 0.001))
    return max(1, usual // 2, min(fits, 2 * size, 4 * usual))


@contextmanager
def writing_apart() -> Iterator[Connection]:
    """A short write transaction of its own, beside the session's (rate limits, leases)."""
    if in_writing():
        raise RuntimeError("writing_apart() inside writing() would wait for itself")
    with _turn(), db.engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        yield connection


def in_writing() -> bool:
    return bool(db.session().info.get(WRITING))


def after_commit(action: Callable[[], None]) -> None:
    """Run `action` once this write transaction is committed (waking a worker, say); never if not."""
    actions: list[Callable[[], None]] = db.session().info[_AFTER]
    if action not in actions:
        actions.append(action)


@event.listens_for(Session, "before_flush")
def _refuse_unannounced_writes(session: Session, *_: object) -> None:
    if current_app and not session.info.get(WRITING) and (session.new or session.dirty or session.deleted):
        raise WriteOutsideWriting("open `with writing():` before changing anything")
