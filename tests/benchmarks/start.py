"""Importing the application, and loading a demo against bare inserts of the same rows."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.harness import ROOT, Result, bench, environment, flask, timed, workplace

SUPPORTERS = 10_000
_PROBE = """
import os, time
begun = time.perf_counter()
import app
took = time.perf_counter() - begun
from tests.benchmarks.harness import peak_mb
print(took, peak_mb(os.getpid()) or 0)
"""


@bench("import.app")
def import_app() -> list[Result]:
    """`import app` in fresh processes."""
    with workplace() as directory:
        found = []
        for _ in range(5):
            done = subprocess.run(  # noqa: S603
                [sys.executable, "-c", _PROBE], cwd=ROOT, env=environment(directory), capture_output=True, check=True
            )
            found.append([float(part) for part in done.stdout.split()])
    seconds, peaks = median(f[0] for f in found), median(f[1] for f in found)
    return [
        Result(job="import.app", ours=round(seconds, 3), unit="s", aim="≤ 1.2 s", peak_mb=peaks),
        Result(job="import.app.memory", ours=round(peaks, 1), unit="MB", aim="≤ 65 MB", peak_mb=peaks),
    ]


@bench("demo.load")
def demo_load() -> list[Result]:
    """Rows a second, against executemany of the same rows into the same tables."""
    with workplace() as directory:
        flask(directory, "demo", "load", "--supporters", "0")
        before = _counts(directory / "draagvlak.db")
        load = [sys.executable, "-m", "flask", "--app", "app", "demo", "load", "--supporters", str(SUPPORTERS)]
        took, peak = timed(load, directory)
        after = _counts(directory / "draagvlak.db")
        rows = sum(after[table] - before.get(table, 0) for table in after)
        bare = _bare(directory / "draagvlak.db", directory / "bare.db")
    return [
        Result(
            job="demo.load", ours=rows / took, floor=sum(after.values()) / bare, unit="/s", aim="≥ 0.4",
            peak_mb=round(peak) if peak else None,
        )
    ]  # fmt: skip


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return [name for (name,) in found]


def _counts(path: Path) -> dict[str, int]:
    with sqlite3.connect(path) as connection:
        return {
            table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
            for table in _tables(connection)
        }


def _bare(source: Path, target: Path) -> float:
    """Seconds to insert all rows of `source` into the same tables, with their indexes and without triggers."""
    with sqlite3.connect(source) as reader:
        schema = reader.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')")
        statements = [sql for (sql,) in schema if not re.search(r"\bsqlite_", sql)]
        content = {table: reader.execute(f'SELECT * FROM "{table}"').fetchall() for table in _tables(reader)}  # noqa: S608
    writer = sqlite3.connect(target, isolation_level=None)
    writer.execute("PRAGMA journal_mode = wal")
    writer.execute("PRAGMA synchronous = full")
    for statement in statements:
        writer.execute(statement)
    begun = time.perf_counter()
    for table, rows in content.items():
        if rows:
            marks = ",".join("?" * len(rows[0]))
            writer.execute("BEGIN IMMEDIATE")
            writer.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)  # noqa: S608
            writer.execute("COMMIT")
    took = time.perf_counter() - begun
    writer.close()
    return took
