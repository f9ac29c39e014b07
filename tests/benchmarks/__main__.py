"""`python -m tests.benchmarks [JOB]`: run the benchmarks whose name begins so, print and keep the table."""

from __future__ import annotations

import sys

from tests.benchmarks import (
    banking,
    beside,
    books,
    direct_debit,
    donation,
    exports,
    giving,
    grant_money,
    grant_pages,
    planning,
    reports,
    staff_pages,
    start,
    statements,
)
from tests.benchmarks.harness import ROOT, Result, chosen, report

# Importing them registers their jobs.
GROUPS = (
    banking,
    beside,
    books,
    direct_debit,
    donation,
    exports,
    giving,
    grant_money,
    grant_pages,
    planning,
    reports,
    staff_pages,
    start,
    statements,
)


def main() -> int:
    prefix = sys.argv[1] if len(sys.argv) > 1 else ""
    jobs = chosen(prefix)
    if not jobs:
        print(f"No benchmark begins with {prefix!r}.", file=sys.stderr)
        return 2
    results: list[Result] = []
    for name, job in jobs:
        print(f"measuring {name} …", file=sys.stderr)
        results += [result for result in job() if result.job.startswith(prefix) or prefix == name]
    report(results, ROOT / "var" / "bench.json")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
