"""Budgets, expenses and report parts for the benchmarks of grants, and the import of a sheet of the accounts."""

from __future__ import annotations

import csv
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import insert

from app.base.ids import new_ids
from app.extensions import db
from app.grants.budgets.models import BudgetLine, BudgetRow, BudgetState, BudgetVersion, Category
from app.grants.expenses.models import Expense
from app.grants.parts.models import PartKind, PartState, ReportPart
from tests.benchmarks.harness import ROOT, Result, bench, environment, flask, workplace

LINES, COSTS, PARTS = 5, 100, 6  # of a grant; of a report
SHEETS = {"20k": 20_000, "200k": 200_000}
_BATCH = 1000
_HEADINGS = "Datum;Boekstuk;Grootboek;Kostenplaats;Omschrijving;Bedrag"
_OURS = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy import select
from app import create_app
from app.base.actor import SYSTEM
from app.extensions import db, writing
from app.grants.awards.models import Grant
from app.grants.expenses import imports
from app.grants.expenses.models import ExpenseImport
with create_app().app_context():
    grant_id, content, now = db.session.scalars(select(Grant.id)).first(), Path(sys.argv[1]).read_bytes(), datetime.now(UTC)
    db.session.rollback()
    start = time.perf_counter()
    kept = imports.keep(content, "sheet.csv")
    with writing():
        row_id = imports.begin(grant_id, *kept, actor=SYSTEM, now=now)
    with writing():
        imports.choose(row_id, kept[3], version=None, now=now)
    imports.try_out(row_id)
    tried = time.perf_counter() - start
    with writing():
        imports.approve(row_id, version=None, actor=SYSTEM, now=now)
    imports.enter(row_id, now=now, bounded=writing)
    print(db.session.get_one(ExpenseImport, row_id).entered, tried, time.perf_counter() - start)
"""  # noqa: E501


@bench("grants.expenses")
def expenses() -> list[Result]:
    """Upload, dry run and entry of a sheet, against reading the file once and inserting its rows bare; the last one
    beside what the largest left. Without the pauses between batches for the sake of donors: they double the entry."""
    results = []
    with workplace() as ours, workplace() as bare:
        for place in (ours, bare):
            flask(place, "demo", "load", "--supporters", "0")
        for name, count, first in (*((name, size, size) for name, size in SHEETS.items()), ("20k_more", 20_000, 0)):
            sheet = ours / "sheet.csv"
            sheet.write_text("\r\n".join((_HEADINGS, *_rows(first, count))), encoding="utf-8")
            command = [sys.executable, "-c", _OURS, str(sheet)]
            done = subprocess.run(  # noqa: S603
                command, cwd=ROOT, env=environment(ours), capture_output=True, text=True, check=True
            )
            entered, tried, seconds = done.stdout.split()[-3:]
            if int(entered) != count:
                raise RuntimeError(f"{entered} of {count} were entered")
            floor = _floor(bare / "draagvlak.db", sheet)
            job = f"grants.expenses.{name}"
            results.append(Result(job=job, ours=round(float(seconds), 2), floor=round(floor, 2), unit="s", aim="≤ 4"))
            print(f"  of {job}, until the dry run was done: {float(tried):.2f} s", file=sys.stderr)
    return results


def _rows(first: int, count: int) -> Iterator[str]:
    for n in range(first, first + count):
        day = f"{1 + n % 28:02}-{1 + n % 12:02}-2025"
        yield f"{day};M-{n};{4000 + n % 9 * 100};P{n % 5};Kosten met nummer {n};{n % 900 + 1},{n % 100:02}"


def _floor(path: Path, sheet: Path) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = wal")
    for care in ("synchronous = full", "foreign_keys = on", "secure_delete = on"):  # the same care as ours
        connection.execute(f"PRAGMA {care}")
    grant_id = connection.execute("SELECT id FROM grant_award LIMIT 1").fetchone()[0]
    start = time.perf_counter()
    with sheet.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=";")
        next(reader)
        made = (_bare(row, grant_id) for row in reader)
        while batch := list(islice(made, _BATCH)):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO expense (grant_id, spent_on, voucher, ledger_account, cost_centre, description, cents,"
                " full_cents, elsewhere_cents, source_key, version, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 1, '2026-12-01 00:00:00')",
                batch,
            )
            connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def _bare(row: list[str], grant_id: int) -> tuple[object, ...]:
    day, voucher, account, centre, text, amount = row
    cents = int(amount.replace(",", ""))
    return grant_id, f"{day[6:]}-{day[3:5]}-{day[:2]}", voucher, account, centre, text, cents, cents, f"row:{voucher}"


def add_money(grants: list[int], starts: list[date], obligations: list[int], now: datetime) -> None:
    """A budget in force and a hundred expenses for each grant, and parts for these obligations. In bulk `writing`."""
    versions, lines = new_ids(len(grants)), new_ids(len(grants) * LINES)
    category = list(Category)
    rows = [
        {"grant_id": grant_id, "id": versions[i], "number": 1, "state": BudgetState.IN_FORCE, "in_force_on": starts[i],
         "created_at": now, "version": 1}
        for i, grant_id in enumerate(grants)
    ]  # fmt: skip
    db.session.execute(insert(BudgetVersion), rows)
    owned = [(grants[n // LINES], line_id) for n, line_id in enumerate(lines)]
    db.session.execute(insert(BudgetLine), [{"grant_id": g, "id": line_id, "created_at": now} for g, line_id in owned])
    rows = [
        {"budget_version_id": versions[n // LINES], "budget_line_id": line_id, "position": n % LINES,
         "name": f"Regel {n % LINES}", "category": category[n % LINES], "approved_cents": 2_000_00,
         "revised_cents": 2_000_00, "tolerance_bp": 1000}
        for n, line_id in enumerate(lines)
    ]  # fmt: skip
    db.session.execute(insert(BudgetRow), rows)
    for i, grant_id in enumerate(grants):
        rows = [
            {"grant_id": grant_id, "budget_line_id": lines[i * LINES + n % LINES], "spent_on": starts[i],
             "cents": 80_00, "full_cents": 80_00, "elsewhere_cents": 0,
             "description": f"Kosten {n}", "source_key": f"bench:{grant_id}:{n}", "created_at": now, "version": 1}
            for n in range(COSTS)
        ]  # fmt: skip
        db.session.execute(insert(Expense), rows)
    rows = [
        {"obligation_id": obligation, "kind": PartKind.NARRATIVE, "title": f"Vraag {n}",
         "answer": "Wat er gebeurde. " * 90, "max_characters": 2500, "position": n,
         "state": PartState.ACCEPTED, "state_since": now, "created_at": now}
        for obligation in obligations for n in range(PARTS)
    ]  # fmt: skip
    db.session.execute(insert(ReportPart), rows)
