"""Real Chromium against a real server. Skipped with the reason where there is no Chromium."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.staff import passwords, services
from app.ui.permissions import Role
from tests.conftest import SettableClock, missing
from tests.support.client import PASSWORD
from tests.support.databases import make_settings

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
PLACES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def chromium_path() -> str | None:
    named = os.environ.get("CHROMIUM")
    return next((found for place in ((named,) if named else PLACES) if (found := shutil.which(place))), None)


@dataclass
class Server:
    """A running server: `url` without trailing slash, and the application behind it."""

    url: str
    app: Flask
    clock: SettableClock

    def staff(self, role: Role) -> str:
        """A new member of staff of this role: their e-mail address (the password is client.PASSWORD)."""
        email = f"{role.value}-{os.urandom(4).hex()}@example.org"
        password_hash = passwords.hashed(PASSWORD)
        with self.app.app_context(), writing():
            services.create_account(
                f"Test {role.value}", email, role, password_hash=password_hash, actor=SYSTEM, now=now()
            )  # fmt: skip
        return email


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(directory: Path, database_url: str, *, host: str = "127.0.0.1", **names: str) -> Iterator[Server]:
    """Waitress on a free port of this machine, with the files in this directory; `names` are settings. Browsers are
    told `host`: passkeys need one that has a name."""
    from waitress import create_server

    from app import create_app

    port, clock = free_port(), SettableClock()
    url = f"http://{host}:{port}"
    app = create_app(make_settings(directory, DATABASE_URL=database_url, BASE_URL=url, **names), clock)
    server: Any = create_server(
        app.wsgi_app, host="127.0.0.1", port=port, threads=4, clear_untrusted_proxy_headers=False
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    requests = logging.getLogger("app.requests")
    level = requests.level
    requests.setLevel(logging.WARNING)  # a crawl makes hundreds of lines
    try:
        yield Server(url, app, clock)
    finally:
        requests.setLevel(level)
        server.close()
        server.task_dispatcher.shutdown(timeout=5)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def live_server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A server with a database of its own."""
    with serving(tmp_path, database_url) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for each process of the test run."""
    path = chromium_path()
    if path is None:
        missing("Chromium is not here: install the package chromium, or set CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh page in a context of its own, with nothing remembered."""
    context = browser.new_context(locale="nl-NL", timezone_id="Europe/Amsterdam")
    yield context.new_page()
    context.close()
