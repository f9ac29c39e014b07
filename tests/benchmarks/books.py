"""A journal of a million lines as CSV, as auditfile and in the layouts of accounting packages, against a bare cursor to
a file. `BOOKS_LINES` says how many lines (default 1,000,000), all of one fiscal year: an auditfile holds no more."""

from __future__ import annotations

import csv
import os
import sqlite3
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from app.finance.books.models import Layout
from tests.benchmarks.harness import ROOT, Result, bench, environment, peak_mb, workplace
from tests.benchmarks.journal import with_lines

LINES = int(os.environ.get("BOOKS_LINES", "1000000"))
YEAR, DAYS = 2025, 365
_RUN = "import sys; from tests.benchmarks import books; books.run(*sys.argv[1:])"
_ROWS = """
SELECT line.entry_id, line.booked_on, entry.event, line.account_id, line.cents, line.rj_line, line.programme_id,
       line.campaign_id, line.grant_id, entry.source_type, entry.source_id, entry.reverses_id
FROM journal_line AS line JOIN journal_entry AS entry ON entry.id = line.entry_id
WHERE line.booked_on BETWEEN ? AND ? ORDER BY line.booked_on, line.id
"""


@bench("finance.journal")
def journal() -> list[Result]:
    return _against_bare({"finance.journal": "journal"})


@bench("finance.xaf")
def xaf() -> list[Result]:
    return _against_bare(
        {
            f"finance.xaf.{name}": layout.value
            for name, layout in (
                ("4.0", Layout.XAF_40), ("3.2", Layout.XAF_32), ("exact", Layout.EXACT),
                ("twinfield", Layout.TWINFIELD), ("csv", Layout.CSV),
            )
        }
    )  # fmt: skip


def _against_bare(jobs: dict[str, str]) -> list[Result]:
    """Processor time, the start of the process left out; each in a process of its own, whose peak is told."""
    directory = with_lines(LINES, date(YEAR, 1, 1), DAYS)
    results = []
    with workplace() as out:
        bare, _ = _took("bare", directory, out)
        for job, what in jobs.items():
            seconds, peak = _took(what, directory, out)
            results.append(Result(job=job, ours=seconds, floor=bare, unit="s", aim="≤ 2", peak_mb=peak))
    return results


def _took(what: str, directory: Path, out: Path) -> tuple[float, float]:
    """The least of two."""
    told = []
    for _turn in range(2):
        command = [sys.executable, "-c", _RUN, what, str(directory), str(out / "file")]
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env=environment(directory, LOG_LEVEL="WARNING"), capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        seconds, peak = done.stdout.split()[-2:]
        told.append((float(seconds), float(peak)))
    return min(told)[0], max(peak for _seconds, peak in told)


def run(what: str, directory: str, target: str) -> None:
    """In the process that is measured: write one file; prints seconds of processor time and the peak in MB."""
    if what == "bare":
        start = time.process_time()
        with open(target, "w", encoding="utf-8", newline="") as file:
            days = (f"{YEAR}-01-01", f"{YEAR}-12-31")
            csv.writer(file).writerows(sqlite3.connect(f"{directory}/draagvlak.db").execute(_ROWS, days))
    else:
        start = _ours(what, target)
    print(round(time.process_time() - start, 2), round(peak_mb(os.getpid()) or 0))


def _ours(what: str, target: str) -> float:
    from flask_babel import force_locale

    from app import create_app
    from app.base.actor import SYSTEM
    from app.extensions import now
    from app.finance.books.postings import Range
    from app.finance.books.writing import write
    from app.finance.exports.files import Format, make
    from app.finance.exports.sheet import Wanted
    from app.finance.periods import fiscal_year

    period = fiscal_year(YEAR, 1).period
    with create_app().app_context(), force_locale("nl"):
        start = time.process_time()
        if what == "journal":
            make("journal", Wanted(period, True, "nl"), Format.CSV_PLAIN, actor=SYSTEM, now=now()).file.close()
        else:
            with open(target, "wb") as file:
                write(file, Layout(what), Range(period), made_on=period.end)
    return start
