"""Staff pages through the server, with a thousand supporters and with a hundred thousand."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app import create_app
from app.extensions import db
from config import Settings
from tests.benchmarks import load
from tests.benchmarks.data import filled
from tests.benchmarks.harness import Result, bench, environment, free_port, ours, server

SIZES = {"1k": 1_000, "100k": 100_000}
REQUESTS = 240
AIM = "≤ 50 ms"
# What one person waits, and what each of two waits who ask at the same moment of one process.
AT_ONCE = {1: "", 2: ".two"}


@bench("staff")
def staff() -> list[Result]:
    """p95 of each page at both sizes, and how many statements it takes."""
    results = []
    for name, supporters in SIZES.items():
        directory = filled(supporters)
        pages = _pages(directory)
        counts = statements(directory, pages)
        port = free_port()
        command, env = ours(directory, port, WORKER="no")
        with server(command, env, port, "/login"):
            cookie = sign_in(port)
            for job, paths in pages.items():
                messages = [load.request("GET", path, cookie=cookie) for path in paths] * (REQUESTS // len(paths))
                load.run(port, messages[:10], clients=1)
                for clients, said in AT_ONCE.items():
                    p95 = p95_of(job, load.run(port, messages, clients=clients))
                    results.append(
                        Result(job=f"{job}.{name}{said}", ours=p95, unit="ms", aim=AIM, statements=counts[job])
                    )
    return results


def p95_of(job: str, outcome: load.Outcome) -> float:
    """In ms. Raises RuntimeError where a page was not given."""
    if set(outcome.statuses) != {200}:
        raise RuntimeError(f"{job}: {outcome.statuses}")
    return round(outcome.percentile(0.95), 1)


def _pages(directory: Path) -> dict[str, list[str]]:
    with sqlite3.connect(directory / "draagvlak.db") as connection:
        rows = connection.execute(
            "SELECT id, last_name FROM supporter WHERE kind = 'person' ORDER BY id LIMIT 10"
        ).fetchall()
    return {
        "staff.cockpit": ["/cockpit"],
        "staff.list": ["/supporters", "/gifts", "/supporters?sort=-name"],
        "staff.search": ["/search?" + urlencode({"q": name[:3]}) for _, name in rows]
        + ["/search?" + urlencode({"q": "jan ber"})],
        "staff.supporter": [f"/supporters/{row_id}" for row_id, _ in rows],
    }


def sign_in(port: int) -> str:
    """The cookie of the demo's fundraiser."""
    cookie, page = _exchange(port, load.request("GET", "/login"))
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    form = {"csrf_token": token[1].decode(), "email": "fundraiser@demo.example", "password": "bench-password-1"}
    cookie, _ = _exchange(port, load.request("POST", "/login", body=urlencode(form).encode(), cookie=cookie))
    return cookie


def _exchange(port: int, message: bytes) -> tuple[str, bytes]:
    import http.client

    line, _, rest = message.partition(b"\r\n")
    head, _, body = rest.partition(b"\r\n\r\n")
    method, path, _ = line.decode().split(" ")
    headers = dict(h.split(": ", 1) for h in head.decode().split("\r\n") if ": " in h)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    page = answer.read()
    cookies = [value.split(";")[0] for key, value in answer.getheaders() if key.lower() == "set-cookie"]
    connection.close()
    return "; ".join(cookies), page


def inside(directory: Path, **extra: str) -> tuple[Flask, FlaskClient]:
    """The application in this process, and a client in which the demo's fundraiser is signed in."""
    app = create_app(Settings.from_environment(environment(directory, **extra)))
    client = app.test_client()
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").data)
    assert token is not None
    form = {"csrf_token": token[1].decode(), "email": "fundraiser@demo.example", "password": "bench-password-1"}
    client.post("/login", data=form)
    return app, client


def statements(directory: Path, pages: dict[str, list[str]]) -> dict[str, int]:
    """The most statements that any address of a page takes, the second time it is asked for."""
    app, client = inside(directory)
    seen: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *arguments: seen.append(arguments[2]))
    counts = {}
    for job, paths in pages.items():
        most = 0
        for path in paths:
            client.get(path)
            seen.clear()
            client.get(path)
            most = max(most, len([sql for sql in seen if not sql.startswith(("PRAGMA", "BEGIN"))]))
        counts[job] = most
    with app.app_context():
        db.engine.dispose()
    return counts
