"""The cockpit, the timeline and the report pack through the server, with 2,000 grants, 40,000 obligations and
200,000 expenses, and with a tenth."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import insert, select

from app import create_app
from app.base.ids import new_ids
from app.extensions import db
from app.extensions.transactions import writing_in_bulk
from app.grants.applications.models import Application, Stage
from app.grants.awards.models import Grant, GrantState, Recognition
from app.grants.funders.models import Funder
from app.grants.instalments.models import Instalment, InstalmentState, Trigger
from app.grants.obligations.models import Obligation, ObligationKind, ObligationState
from app.ledger.rj import RjLine
from config import Settings
from tests.benchmarks import load
from tests.benchmarks.data import filled
from tests.benchmarks.grant_money import add_money
from tests.benchmarks.harness import ROOT, Result, bench, environment, free_port, ours, server
from tests.benchmarks.staff_pages import AT_ONCE, p95_of, sign_in, statements

SIZES = {"200": 200, "2k": 2_000}
EACH = 20  # obligations of a grant
REQUESTS = 120
AIM = "≤ 80 ms"
PAGES = {
    "grants.cockpit": ["/cockpit", "/cockpit?whose=mine"],
    "grants.timeline": [
        "/grants/timeline", "/grants/timeline?zoom=month", "/grants/timeline?zoom=quarter",
        "/grants/timeline?zoom=years", "/grants/month", "/grants/dates",
    ],
}  # fmt: skip


@bench("grants.cockpit")
def cockpit() -> list[Result]:
    """p95 of the cockpit at both sizes, and how many statements it takes."""
    return _measured("grants.cockpit")


@bench("grants.timeline")
def timeline() -> list[Result]:
    """The same of the timeline at each zoom, the month and the table."""
    return _measured("grants.timeline")


@bench("grants.pack")
def pack() -> list[Result]:
    """The same of the report's page and of its three files, made afresh each time."""
    return _measured("grants.pack")


def _measured(job: str) -> list[Result]:
    results = []
    for name, grants in SIZES.items():
        directory = with_grants(grants)
        pages = PAGES.get(job) or _packs(directory)
        count = statements(directory, {job: pages})[job]
        port = free_port()
        command, env = ours(directory, port, WORKER="no")
        with server(command, env, port, "/login"):
            cookie = sign_in(port)
            messages = [load.request("GET", path, cookie=cookie) for path in pages]
            messages *= REQUESTS // len(messages)
            load.run(port, messages[:12], clients=1)
            aim = AIM if job in PAGES else "≤ 1000 ms"
            for clients, said in AT_ONCE.items():
                p95 = p95_of(job, load.run(port, messages, clients=clients))
                results.append(Result(job=f"{job}.{name}{said}", ours=p95, unit="ms", aim=aim, statements=count))
    return results


def _packs(directory: Path) -> list[str]:
    with sqlite3.connect(directory / "draagvlak.db") as connection:
        found = connection.execute("SELECT obligation_id FROM report_part ORDER BY id DESC LIMIT 1").fetchone()
    address = f"/grants/obligations/{found[0]}/report"
    return [address, *(f"{address}/{form}" for form in ("pdf", "docx", "xlsx"))]


@cache
def with_grants(count: int) -> Path:
    """The data folder of an installation with so many grants more, twenty obligations on each."""
    start = filled(1_000)
    directory = Path(tempfile.mkdtemp(prefix=f"bench-grants-{count}-", dir=ROOT / "var"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    shutil.copytree(start, directory, dirs_exist_ok=True)
    print(f"  adding {count:,} grants …", file=sys.stderr)
    app = create_app(Settings.from_environment(environment(directory)))
    with app.app_context():
        with writing_in_bulk():
            add_grants(count, datetime.now(UTC))
        db.session.remove()
        db.engine.dispose()
    return directory


def add_grants(count: int, now: datetime) -> None:
    """Grants of one to five years around today, four instalments and twenty obligations on each."""
    funders = list(db.session.execute(select(Funder.id)).scalars())
    asked, granted = new_ids(count), new_ids(count)
    starts = [date(now.year - 3, 1, 1) + timedelta(days=(i * 37) % 1600) for i in range(count)]
    lengths = [365 * (1 + i % 5) for i in range(count)]
    common = {"created_at": now, "version": 1}
    owned = [{"funder_id": funders[i % len(funders)], "title": f"Programma nummer {i}", **common} for i in range(count)]
    applications = [
        {**owned[i], "id": asked[i], "ask_cents": 10_000_00, "expected_cents": 10_000_00, "stage": Stage.AWARDED,
         "stage_since": now}
        for i in range(count)
    ]  # fmt: skip
    grants = [
        {**owned[i], "id": granted[i], "application_id": asked[i], "amount_cents": 10_000_00, "decided_on": starts[i],
         "starts_on": starts[i], "ends_on": starts[i] + timedelta(days=lengths[i]), "income_line": RjLine.NON_PROFITS,
         "recognition": Recognition.AWARD, "state": GrantState.ACTIVE, "state_since": now}
        for i in range(count)
    ]  # fmt: skip
    kinds = (ObligationKind.INTERIM_NARRATIVE, ObligationKind.INTERIM_FINANCIAL, ObligationKind.ANNUAL)
    today = now.date()
    duties, parts, reports = [], [], new_ids(count * EACH)
    for i in range(count):
        for n in range(EACH):
            due = starts[i] + timedelta(days=(n + 1) * lengths[i] // EACH)
            # What lies long behind is accepted; of the last month a part is late.
            over = due < today - timedelta(days=30) or (due < today and n % 3 > 0)
            state = ObligationState.ACCEPTED if over else ObligationState.PLANNED
            duties.append(
                {"id": reports[i * EACH + n], "kind": kinds[n % 3], "grant_id": granted[i], "due_on": due,
                 "state": state, "submitted_on": due if over else None, "accepted_on": due if over else None, **common}
            )  # fmt: skip
        for n in range(4):
            expected = starts[i] + timedelta(days=n * lengths[i] // 4)
            parts.append(
                {"grant_id": granted[i], "position": n + 1, "amount_cents": 2_500_00, "triggered_by": Trigger.DATE,
                 "expected_on": expected, "contribution_year": expected.year, "state": InstalmentState.DUE, **common}
            )  # fmt: skip
    for model, rows in ((Application, applications), (Grant, grants), (Obligation, duties), (Instalment, parts)):
        db.session.execute(insert(model), rows)
    add_money(granted, starts, reports[EACH - 1 :: EACH], now)
