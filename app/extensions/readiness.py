"""Whether this process may work with this database: asked once, before the first request, job or start.

The database must be of this code's version, and whatever rooms demand beyond that must hold
(`demand`). `flask serve` and `flask worker` refuse to start (`refuse`); under any WSGI server
the Guard answers 503 with the reason until all is well, and from then on costs nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection

from app.extensions import db
from app.extensions.database import check_reachable
from config import SettingsError

Check = Callable[[Connection], str | None]
AGAIN = 5.0  # seconds until a process that may not work asks again
_KEY = "draagvlak_demands"
log = logging.getLogger(__name__)


def demand(app: Flask, check: Check) -> None:
    """Add a condition: `check(connection)` gives None, or in one line what is wrong and what to do."""
    app.extensions.setdefault(_KEY, []).append(check)


def unmet() -> str | None:
    """The first demand of a room that does not hold."""
    checks: list[Check] = current_app.extensions.get(_KEY, [])
    with db.engine.connect() as connection:
        return next((reason for check in checks if (reason := check(connection))), None)


def problem() -> str | None:
    """Why this process may not work, in one line; None when it may. SettingsError: the database is away."""
    from app.extensions import migrating  # with Alembic: not at every start

    return migrating.REASONS.get(migrating.state()) or unmet()


def refuse() -> None:
    """Raise SettingsError unless this process may work."""
    check_reachable(db.engine)
    if reason := problem():
        raise SettingsError(reason)


class Guard:
    """WSGI: lets requests through once this process may work."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._inner: Callable[..., Iterable[bytes]] = app.wsgi_app
        self._lock = threading.Lock()
        self._ready = False
        self._reason: str | None = None
        self._ask_again = 0.0  # time.monotonic()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self._ready:
            return self._inner(environ, start_response)
        reason = self._why_not()
        if reason is None or environ.get("PATH_INFO") == "/healthz":
            return self._inner(environ, start_response)
        body = f"{reason}\n".encode()
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"), ("Retry-After", "10"), ("X-Content-Type-Options", "nosniff"),
        ]  # fmt: skip
        start_response("503 Service Unavailable", headers)
        return [body]

    def _why_not(self) -> str | None:
        with self._lock:
            if self._ready or time.monotonic() < self._ask_again:
                return self._reason
            before = self._reason
            with self._app.app_context():
                try:
                    self._reason = problem()
                    self._ready = self._reason is None
                except SettingsError:
                    self._reason = None  # the database is away: the page that needs it says so
            self._ask_again = time.monotonic() + AGAIN
            if self._reason and self._reason != before:
                log.error("%s", self._reason)
            return self._reason


def init_app(app: Flask) -> None:
    app.wsgi_app = Guard(app)  # type: ignore[method-assign]
