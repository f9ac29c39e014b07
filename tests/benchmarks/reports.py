"""Reports over a long journal: processor time of each page. `REPORT_LINES` says how many lines (default 5,000,000)."""

from __future__ import annotations

import gc
import os
import time
from datetime import date
from pathlib import Path

from flask.testing import FlaskClient

from app.extensions import db
from tests.benchmarks.harness import Result, bench
from tests.benchmarks.journal import with_lines
from tests.benchmarks.staff_pages import inside, statements

LINES = int(os.environ.get("REPORT_LINES", "5000000"))
REQUESTS = 40
YEAR = 2026
FIRST, DAYS = date(YEAR - 2, 1, 1), (date(YEAR + 1, 1, 1) - date(YEAR - 2, 1, 1)).days
REPORTS = ("statement", "programmes", "funds", "ratios", "recurring", "concentration", "anbi")
PAGES = {f"finance.reports.{name}": [f"/finance/reports/{name}?year={YEAR}"] for name in REPORTS} | {
    "finance.reports.income": [f"/finance?year={YEAR}"],
    "finance.reports.months": ["/finance/months"],
    "finance.reports.entries": [f"/finance/entries?year={YEAR}", f"/finance/entries?year={YEAR}&rj_line=lotteries"],
}


@bench("finance.reports")
def reports() -> list[Result]:
    """Of this year beside the last, and what figures lead to. In this process, so that processor time can be told."""
    directory = with_lines(LINES, FIRST, DAYS)
    return measured(directory)


def measured(directory: Path) -> list[Result]:
    counts = statements(directory, PAGES)
    app, client = inside(directory, LOG_LEVEL="WARNING")
    gc.collect()
    gc.freeze()  # as each server process does
    results = [
        Result(job=job, ours=_p95(client, paths), unit="ms", aim="≤ 150 ms", statements=counts[job])
        for job, paths in PAGES.items()
    ]
    with app.app_context():
        db.engine.dispose()
    return results


def _p95(client: FlaskClient, paths: list[str]) -> float:
    """In ms. Raises RuntimeError where a page was not given."""
    took = []
    for n in range(REQUESTS + 4):
        start = time.process_time()
        answer = client.get(paths[n % len(paths)])
        took.append(time.process_time() - start)
        if answer.status_code != 200:
            raise RuntimeError(f"{paths}: {answer.status}")
    return round(1000 * sorted(took[4:])[int(0.95 * REQUESTS)], 1)
