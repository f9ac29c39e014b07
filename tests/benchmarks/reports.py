"""Reports over a long journal: p95 of each page. `REPORT_LINES` says how many lines (default 5,000,000)."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.harness import Result, bench, flask, free_port, ours, server, workplace
from tests.benchmarks.staff_pages import p95_of, sign_in, statements

LINES = int(os.environ.get("REPORT_LINES", "5000000"))
REQUESTS = 40
PAGES = ("statement", "programmes", "funds", "ratios")
GRANTS = 200
_BATCH = 50_000
_FIRST = date(2024, 1, 1)
_DAYS = 3 * 365


@bench("finance.reports")
def reports() -> list[Result]:
    """One person at a time; each report of this year beside the last, and the page of income by month."""
    with workplace() as directory:
        flask(directory, "demo", "load", "--supporters", "100")
        flask(directory, "worker", "--once")
        print(f"  writing {LINES:,} journal lines …", file=sys.stderr)
        fill(directory / "draagvlak.db", LINES)
        pages = {f"finance.reports.{name}": [f"/finance/reports/{name}?year=2026"] for name in PAGES}
        counts = statements(directory, pages)
        port = free_port()
        command, env = ours(directory, port, WORKER="no")
        results = []
        with server(command, env, port, "/login"):
            cookie = sign_in(port)
            for job, paths in pages.items():
                messages = [load.request("GET", path, cookie=cookie) for path in paths] * REQUESTS
                load.run(port, messages[:5], clients=1)
                p95 = p95_of(job, load.run(port, messages, clients=1))
                results.append(Result(job=job, ours=p95, unit="ms", aim="≤ 150 ms", statements=counts[job]))
    return results


def fill(database: Path, lines: int) -> None:
    """Entries of two lines, bank against income, over three years, eight origins, the programmes and 200 grants;
    then the sums as posting and folding would have left them."""
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        accounts = dict(connection.execute("SELECT code, id FROM ledger_account"))
        origins = connection.execute(
            "SELECT id, rj_line FROM ledger_account WHERE code BETWEEN '8010' AND '8080' ORDER BY code"
        ).fetchall()
        programmes = [row[0] for row in connection.execute("SELECT id FROM programme")] + [None]
        made = _entries(lines // 2, accounts["1100"], origins, programmes)
        while batch := list(islice(made, _BATCH)):
            connection.executemany(
                "INSERT INTO journal_line (id, entry_id, booked_on, account_id, cents, programme_id, grant_id, rj_line)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [line for _entry, both in batch for line in both],
            )
            connection.executemany(
                "INSERT INTO journal_entry (id, booked_on, event, source_type, source_id, key, line_count, posted_at)"
                " VALUES (?, ?, 'gift_received', 'sample', ?, ?, 2, '2026-01-01 00:00:00')",
                [entry for entry, _both in batch],
            )
            connection.commit()
        connection.execute("DELETE FROM ledger_fresh")
        connection.execute("DELETE FROM ledger_sum")
        connection.execute("DELETE FROM ledger_total")
        connection.execute(_SUMS)
        connection.execute(_TOTALS)
        connection.commit()
        connection.execute("ANALYZE")


def _entries(count: int, bank: int, origins: list[tuple[int, str]], programmes: list[int | None]) -> Iterator[tuple]:
    for n in range(count):
        account, line = origins[n % len(origins)]
        day = (_FIRST + timedelta(days=n % _DAYS)).isoformat()
        programme = programmes[n % len(programmes)]
        grant = n * 7 % GRANTS + 1 if n % 5 == 0 else None
        cents = 100 + n % 50_000
        number = 1_000_000 + 4 * n
        yield (
            (number, day, number, f"sample:{n}"),
            ((number + 1, number, day, bank, cents, None, None, None),
             (number + 2, number, day, account, -cents, programme, grant, line)),
        )  # fmt: skip


_SUMS = """
INSERT INTO ledger_sum (cell, month, account_id, programme_id, grant_id, campaign_id, rj_line, debit_cents,
                        credit_cents, line_count)
SELECT strftime('%Y%m', booked_on) || '/' || account_id || '/' || ifnull(programme_id, '') || '/' ||
         ifnull(grant_id, '') || '/' || ifnull(campaign_id, '') || '/' || ifnull(rj_line, ''),
       date(booked_on, 'start of month'), account_id, programme_id, grant_id, campaign_id, rj_line,
       sum(max(cents, 0)), sum(max(-cents, 0)), count(*)
FROM journal_line GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_TOTALS = """
INSERT INTO ledger_total (cell, month, account_id, programme_id, rj_line, debit_cents, credit_cents, line_count)
SELECT strftime('%Y%m', month) || '/' || account_id || '/' || ifnull(programme_id, '') || '/' || ifnull(rj_line, ''),
       month, account_id, programme_id, rj_line, sum(debit_cents), sum(credit_cents), sum(line_count)
FROM ledger_sum GROUP BY 1, 2, 3, 4, 5
"""
