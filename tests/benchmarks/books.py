"""The journal of 500,000 gifts, a million lines, as CSV and as an auditfile, against a bare cursor to a file."""

from __future__ import annotations

import csv
import sqlite3
import sys

from tests.benchmarks.data import filled
from tests.benchmarks.harness import Result, bench, timed, workplace

SUPPORTERS = 100_000
_FLOOR = "import sys; from tests.benchmarks import books; books.bare(*sys.argv[1:])"
_ROWS = """
SELECT line.entry_id, line.booked_on, entry.event, line.account_id, line.cents, line.rj_line, line.programme_id,
       line.campaign_id, line.grant_id, entry.source_type, entry.source_id, entry.reverses_id
FROM journal_line AS line JOIN journal_entry AS entry ON entry.id = line.entry_id
WHERE line.booked_on BETWEEN ? AND ? ORDER BY line.booked_on, line.id
"""


@bench("finance.journal")
def journal() -> list[Result]:
    span = ("2000-01-01", "2100-01-01")
    asked = ["export", "journal", "--from", span[0], "--to", span[1], "--format", "csv-plain"]
    return [_against_bare("finance.journal", asked, span)]


@bench("finance.xaf")
def xaf() -> list[Result]:
    """One fiscal year: an auditfile holds no more."""
    asked = ["books", "auditfile", "--year", "2025"]
    return [_against_bare("finance.xaf", asked, ("2025-01-01", "2025-12-31"))]


def _against_bare(job: str, asked: list[str], span: tuple[str, str]) -> Result:
    directory = filled(SUPPORTERS)
    with workplace() as out:
        ours = [sys.executable, "-m", "flask", "--app", "app", *asked, "-o", str(out / "ours")]
        seconds, peak = timed(ours, directory)
        bare_one = [sys.executable, "-c", _FLOOR, str(directory / "draagvlak.db"), str(out / "bare"), *span]
        bare_seconds, _ = timed(bare_one, directory)
    return Result(
        job=job, ours=round(seconds, 2), floor=round(bare_seconds, 2), unit="s", aim="≤ 2",
        peak_mb=round(peak) if peak else None,
    )  # fmt: skip


def bare(database: str, target: str, start: str, end: str) -> None:
    """sqlite3 and csv, nothing else."""
    with open(target, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(sqlite3.connect(database).execute(_ROWS, (start, end)))
