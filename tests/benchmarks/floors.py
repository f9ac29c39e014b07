"""The floors: bare Flask on the same server. `python -m tests.benchmarks.floors hello|commit DIRECTORY PORT`."""

from __future__ import annotations

import itertools
import sqlite3
import sys
import threading
from pathlib import Path

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from waitress import serve

THREADS = 8


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

    @app.get("/")
    def index() -> ResponseReturnValue:
        return "Hello"

    @app.post("/")
    def insert() -> ResponseReturnValue:
        body = request.get_data(as_text=True)
        with lock:
            connection().execute("BEGIN IMMEDIATE")
            connection().execute("INSERT INTO row VALUES (?, ?)", (next(ids), body))
            connection().execute("COMMIT")
        return redirect("/", 303)

    return app


if __name__ == "__main__":
    made = {"hello": hello, "commit": commit}[sys.argv[1]](Path(sys.argv[2]))
    serve(made, host="127.0.0.1", port=int(sys.argv[3]), threads=THREADS, ident=None)
