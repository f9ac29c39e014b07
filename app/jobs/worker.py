"""The worker: a thread beside the server by default, processes of their own when grown."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import func, select

from app.base.ids import stable_id
from app.extensions import db, now
from app.extensions.sql import insert_new
from app.extensions.transactions import writing
from app.jobs import services
from app.jobs.models import Worker

HEARTBEAT = timedelta(seconds=15)
LATE = timedelta(seconds=60)
_IDLE_SECONDS = 1.0
log = logging.getLogger(__name__)


class WorkerLoop:
    """Runs due jobs until stopped; a second thread keeps its leases and heartbeat fresh meanwhile."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(3)}"
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name="worker", daemon=True),
            threading.Thread(target=self._beat, name="heartbeat", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 20) -> None:
        """Finish the job at hand and end."""
        self._stop.set()
        services.wake.set()
        for thread in self._threads:
            thread.join(timeout)

    def wait(self) -> None:
        self._stop.wait()

    def _work(self) -> None:
        while not self._stop.is_set():
            services.wake.clear()
            busy = False
            with self._app.app_context():
                try:
                    services.tick(now())
                    busy = services.run_one(now(), self.name)
                except Exception:
                    # The database is away or full: nothing is lost, the queue is in it. Try again later.
                    log.exception("the worker stumbled; it goes on in a moment")
                    self._stop.wait(5)
            if not busy:
                services.wake.wait(_IDLE_SECONDS)

    def _beat(self) -> None:
        while not self._stop.is_set():
            with self._app.app_context():
                try:
                    beat(self.name, now())
                    services.renew(self.name, now())
                except Exception:
                    log.exception("no heartbeat could be given")
            self._stop.wait(HEARTBEAT.total_seconds())


def run_until_asked(app: Flask) -> None:
    """Be a worker until SIGTERM or SIGINT, then finish the job at hand."""
    loop = WorkerLoop(app)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop(0))
    loop.start()
    loop.wait()
    loop.stop()


def beat(name: str, at: datetime) -> None:
    """Say that this worker lives; workers gone for a day are forgotten."""
    with writing() as session:
        row_id = stable_id(f"worker:{name}")
        session.execute(insert_new(Worker).values(id=row_id, name=name, seen_at=at))
        session.execute(Worker.__table__.update().where(Worker.id == row_id).values(seen_at=at))
        session.execute(Worker.__table__.delete().where(Worker.seen_at < at - timedelta(days=1)))


def is_alive(at: datetime) -> bool:
    """Whether some worker gave a heartbeat in the last minute."""
    seen = db.session.execute(select(func.max(Worker.seen_at))).scalar()
    return seen is not None and at - seen < LATE
