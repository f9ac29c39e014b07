"""Planning a million due collections, against the bare statements in batches of the same size."""

# ruff: noqa: S608 (numbers and days of our own)

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.harness import ROOT, Result, bench, environment, flask, workplace

COUNT = 1_000_000
BATCH = 2000
_DUE, _PERIOD, _NEXT = "2027-01-15", "2027-01-01", "2027-02-15"
_OURS = """
import sys, time
from datetime import date
from app import create_app
from app.extensions import writing
from app.gifts.recurring.planning import plan_until
with create_app().app_context():
    start = time.process_time()
    planned = plan_until(date(2027, 1, 15), bounded=writing)
    print(planned, time.process_time() - start)
"""


@bench("giving.plan")
def plan() -> list[Result]:
    """Without the pauses that the job takes between batches for the sake of donors: they double its time. Processor
    time, since other work would lengthen the clock's; SQLite works in the same process."""
    with workplace() as directory, workplace() as elsewhere:
        for place in (directory, elsewhere):
            flask(place, "demo", "load", "--supporters", "0")
            _fill(place / "draagvlak.db", COUNT)
        command = [sys.executable, "-c", _OURS]
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env=environment(directory), capture_output=True, text=True, check=True
        )
        planned, seconds = done.stdout.split()[-2:]
        if int(planned) < COUNT:
            raise RuntimeError(f"{planned} of {COUNT} were planned")
        floor = _floor(elsewhere / "draagvlak.db")
    return [Result(job="giving.plan", ours=round(float(seconds), 2), floor=round(floor, 2), unit="s cpu", aim="≤ 2")]


def _fill(path: Path, count: int) -> None:
    """Commitments that fall due alike, announced, by the mandates of the demo's donors."""
    with sqlite3.connect(path) as db:
        mandates = db.execute("SELECT id, supporter_id FROM mandate WHERE state = 'active'").fetchall()
        db.execute("DELETE FROM commitment_change")
        db.execute("DELETE FROM commitment_amount")
        db.execute("DELETE FROM commitment")
        some = [(n, *mandates[n % len(mandates)]) for n in range(1, count + 1)]
        db.executemany(
            "INSERT INTO commitment (id, mandate_id, supporter_id, state, frequency, day, started_on, next_on,"
            " collect_on, noticed_cents, notice_from, source, language, created_at) VALUES (?, ?, ?, 'active',"
            f" 'monthly', 15, '2026-12-15', '{_DUE}', '{_DUE}', 1500, '2026-12-01', 'bench', 'nl', '2026-12-01')",
            some,
        )
        db.execute(
            "INSERT INTO commitment_amount (id, commitment_id, from_on, cents, created_at)"
            " SELECT id, id, '2026-12-15', 1500, '2026-12-01' FROM commitment"
        )
    db.close()


def _floor(path: Path) -> float:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = wal")
    # The same care as ours.
    for care in ("synchronous = full", "foreign_keys = on", "secure_delete = on"):
        db.execute(f"PRAGMA {care}")
    start = time.process_time()
    for low in range(1, COUNT + 1, BATCH):
        span = f"BETWEEN {low} AND {low + BATCH - 1}"
        db.execute("BEGIN IMMEDIATE")
        db.execute(
            "INSERT INTO collection_key (id, commitment_id, period, attempt)"
            f" SELECT id + 9000000000, id, '{_PERIOD}', 1 FROM commitment WHERE id {span}"
        )
        db.execute(
            "INSERT INTO collection (id, commitment_id, mandate_id, period, attempt, amount_cents, collect_on, state,"
            f" created_at) SELECT id + 9000000000, id, mandate_id, '{_PERIOD}', 1, noticed_cents, '{_DUE}', 'planned',"
            f" '2027-01-08' FROM commitment WHERE id {span}"
        )
        db.execute(f"UPDATE commitment SET next_on = '{_NEXT}', collect_on = '{_NEXT}' WHERE id {span}")
        db.execute("COMMIT")
    seconds = time.process_time() - start
    db.close()
    return seconds
