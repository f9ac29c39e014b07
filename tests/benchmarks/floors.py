"""The floors: bare Flask on the same server.

`python -m tests.benchmarks.floors hello|commit|call|look DIRECTORY PORT`, the last two with PROVIDER (the
address of a payment provider) and perhaps DATABASE (a PostgreSQL) in the environment.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from waitress import serve

THREADS = 8
PAYMENT = {
    "amount": {"currency": "EUR", "value": "25.00"}, "description": "SVN gift", "method": "ideal",
    "redirectUrl": "https://floor.example/thanks", "metadata": {"checkout_id": "1"},
}  # fmt: skip


def hello(directory: Path) -> Flask:
    """One route that says hello."""
    app = Flask("floor")

    @app.get("/")
    def index() -> ResponseReturnValue:
        return "Hello"

    return app


def commit(directory: Path) -> Flask:
    """One route that commits one row durably: WAL, synchronous=FULL, writers queue on a lock."""
    app = Flask("floor")
    path, local, lock, ids = directory / "floor.db", threading.local(), threading.Lock(), itertools.count(1)

    def connection() -> sqlite3.Connection:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(path, isolation_level=None, timeout=10)
            local.connection.execute("PRAGMA journal_mode = wal")
            local.connection.execute("PRAGMA synchronous = full")
        return local.connection  # type: ignore[no-any-return]

    connection().execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")

    def keep(body: str) -> None:
        with lock:
            connection().execute("BEGIN IMMEDIATE")
            connection().execute("INSERT INTO row VALUES (?, ?)", (next(ids), body))
            connection().execute("COMMIT")

    return _keeping(app, keep)


def _keeping(app: Flask, keep: Callable[[str], None]) -> Flask:
    @app.get("/")
    def index() -> ResponseReturnValue:
        return "Hello"

    @app.post("/")
    def insert() -> ResponseReturnValue:
        keep(request.get_data(as_text=True))
        return redirect("/", 303)

    return app


def call(directory: Path) -> Flask:
    """The route of `commit` that makes a payment at the provider first."""
    return _calling(directory, lambda session, url, _body: session.post(f"{url}/v2/payments", json=PAYMENT, timeout=8))


def look(directory: Path) -> Flask:
    """The route of `commit` that looks at the payment it is told of first."""
    return _calling(directory, lambda session, url, body: session.get(f"{url}/v2/payments/{body[3:]}", timeout=8))


def _calling(directory: Path, ask: Callable[[Any, str, str], Any]) -> Flask:
    import requests

    app, local, ids = Flask("floor"), threading.local(), itertools.count(1)
    url, database = os.environ["PROVIDER"], os.environ.get("DATABASE")
    kept = _postgresql(database) if database else commit(directory).view_functions["insert"]

    @app.get("/")
    def index() -> ResponseReturnValue:
        return "Hello"

    @app.post("/")
    def insert() -> ResponseReturnValue:
        if not hasattr(local, "session"):
            local.session = requests.Session()
            local.session.headers["Authorization"] = f"Bearer {os.environ['PROVIDER_KEY']}"
        headers = {"Idempotency-Key": f"floor-{os.getpid()}-{next(ids)}"}
        local.session.headers.update(headers)
        ask(local.session, url, request.get_data(as_text=True)).raise_for_status()
        return kept()

    return app


def _postgresql(address: str) -> Callable[[], ResponseReturnValue]:
    import psycopg

    local = threading.local()
    with psycopg.connect(address, autocommit=True) as first:
        first.execute("DROP TABLE IF EXISTS bench_row")
        first.execute("CREATE TABLE bench_row (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL)")

    def insert() -> ResponseReturnValue:
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(address, autocommit=True)
        local.connection.execute("INSERT INTO bench_row (body) VALUES (%s)", (request.get_data(as_text=True),))
        return redirect("/", 303)

    return insert


if __name__ == "__main__":
    made = {"hello": hello, "commit": commit, "call": call, "look": look}[sys.argv[1]](Path(sys.argv[2]))
    serve(made, host="127.0.0.1", port=int(sys.argv[3]), threads=int(os.environ.get("THREADS", THREADS)), ident=None)
