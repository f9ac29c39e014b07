"""A bank file of 100,000 entries read, matched and booked, against a bare reading of it and bare inserts of the same
rows, on SQLite and on PostgreSQL. `BANK_ENTRIES` is another size."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.string import TextLoader

from tests.banking.files import Pay, camt, mt940
from tests.benchmarks.harness import ROOT, Result, bench, environment, flask, workplace
from tests.benchmarks.postgresql import NAME, Running, running
from tests.factories.debits import dutch_iban
from tests.support.postgres import ROLE

ENTRIES = int(os.environ.get("BANK_ENTRIES", "100000"))
DONORS = 5_000  # who transfer the same amount each month: half of the entries
SUPPLIERS = 20  # of whom a rule says that they are no gifts: one entry in twenty
_FIRST = date(2026, 1, 15)
_BATCH = 250
SETUP = """
import sys
from datetime import date
from app import create_app
from app.banking.match_models import BankRule, MatchKind
from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.gifts import services as gifts
from app.ledger.rj import RjLine
from app.organisation import services as organisation
from app.organisation.models import AccountPurpose, BookedBy
from app.supporters.drafts import PersonDraft
from app.supporters.names import split_full_name
from app.supporters.services import create_people
from app.banking.entry_rows import IBAN_PURPOSE
from app.vault.services import blind_index
from tests.banking.files import OWN
from tests.benchmarks import banking
with create_app().app_context():
    with writing():
        organisation.save_account(None, iban=OWN, bic="ABNANL2A", holder="Bench", booked_by=BookedBy.HERE,
                                  purpose=AccountPurpose.GENERAL, actor=SYSTEM, now=now())
        for n in range(banking.SUPPLIERS):
            db.session.add(BankRule(iban_index=blind_index(banking.supplier(n)[0], IBAN_PURPOSE), incoming=False,
                                    kind=MatchKind.NOT_OURS, made_at=now()))
    for first in range(0, int(sys.argv[1]), 500):
        known = [banking.donor(n) for n in range(first, first + 500)]
        drafts = [PersonDraft(name=split_full_name(name), iban=iban) for iban, name, _ in known]
        with writing():
            ids = create_people(drafts, actor=SYSTEM, now=now(), look_for_doubles=False)
            gifts.make([gifts.NewGift(supporter_id=i, amount_cents=cents, gift_date=date(2025, 12, 1), source="bank",
                                      method="bank_transfer", rj_line=RjLine.INDIVIDUALS, via="bank")
                        for i, (_, _, cents) in zip(ids, known, strict=True)], actor=SYSTEM, now=now())
"""
_OURS = """
import json, re, sys, time
from pathlib import Path
from app import create_app
from app.banking import imports
from app.base.actor import SYSTEM
from app.extensions import now
with create_app().app_context(), open(sys.argv[1], "rb") as file:
    wall, busy = time.perf_counter(), time.process_time()
    done = imports.take(file, "bench", actor=SYSTEM, now=now())
    told = {"wall": time.perf_counter() - wall, "busy": time.process_time() - busy}
    status = Path("/proc/self/status").read_text()
    told["mb"] = int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1024
    print(json.dumps(told | {"new": done.new, "matched": done.matched, "error": str(done.checked.error or "")}))
"""


@bench("finance.camt053")
def camt053() -> list[Result]:
    """Entries each second of processor time, and by the clock with the rests it takes for the sake of donors."""
    return _measure("finance.camt053", camt(pays(), on="2026-01-15"), _read_camt)


@bench("finance.mt940")
def swift() -> list[Result]:
    cents = 100_000 + sum(pay.cents for pay in pays())
    content = mt940(_swift_lines(), opening="C260114EUR1000,00", closing=f"C261231EUR{cents // 100},{cents % 100:02d}")
    return _measure("finance.mt940", content, _read_lines)


def donor(n: int) -> tuple[str, str, int]:
    """IBAN, name, and the cents of each month."""
    return dutch_iban(1_000_000 + n), f"J. Jansen{_letters(n)}", 500 + n % 40 * 100


def supplier(n: int) -> tuple[str, str]:
    return dutch_iban(5_000_000 + n), f"Leverancier {n} B.V."


def _letters(n: int) -> str:
    return "".join(chr(97 + int(digit)) for digit in str(n))


def pays() -> Iterator[Pay]:
    for n in range(ENTRIES):
        on = (_FIRST + timedelta(days=n * 330 // max(ENTRIES, 100_000))).isoformat()
        if n % 20 == 19:
            iban, name = supplier(n % SUPPLIERS)
            yield Pay(-1234, f"A{n:07}", iban=iban, name=name, on=on, more=_text(f"Factuur {n}"))
        elif n % 2:
            yield Pay(700 + n % 50, f"A{n:07}", iban=dutch_iban(2_000_000 + n), name="K. de Boer", on=on,
                      more=_text(f"Gift van ons {n}"))  # fmt: skip
        else:
            iban, name, cents = donor(n // 2 % DONORS)
            yield Pay(cents, f"A{n:07}", f"E{n:07}", iban=iban, name=name, on=on, more=_text("Maandelijkse gift"))


def _text(text: str) -> str:
    return f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>"


def _swift_lines() -> Iterator[str]:
    for pay in pays():
        sign, cents, day = "D" if pay.cents < 0 else "C", abs(pay.cents), pay.on[2:].replace("-", "")
        yield f":61:{day}{day[2:]}{sign}{cents // 100},{cents % 100:02d}NTRFNONREF//{pay.reference}"
        text = pay.more[14:-17]
        yield f":86:/EREF/{pay.end_to_end}//CNTP/{pay.iban}/RABONL2U/{pay.name}///REMI/USTD//{text}/"


def _measure(job: str, content: bytes, read: Callable[[Path], int]) -> list[Result]:
    return [*_on_sqlite(job, content, read), *_on_postgresql(f"{job}.postgresql", content, read)]


def _on_sqlite(job: str, content: bytes, read: Callable[[Path], int]) -> list[Result]:
    with workplace() as ours, workplace() as bare:
        _set_up(ours)
        shutil.copy(ours / "draagvlak.db", bare / "draagvlak.db")
        told = _enter(ours, content)
        start = time.process_time()
        _read(ours, read)
        _insert_bare(ours / "draagvlak.db", bare / "draagvlak.db")
        return _results(job, told, told["busy"], time.process_time() - start)


def _on_postgresql(job: str, content: bytes, read: Callable[[Path], int]) -> list[Result]:
    """The processor time of the server counts as well, in both."""
    with running() as postgres, workplace() as ours:
        _set_up(ours, DATABASE_URL=postgres.url)
        postgres.copy("bare")
        before = postgres.processor_seconds()
        told = _enter(ours, content, DATABASE_URL=postgres.url)
        busy = told["busy"] + postgres.processor_seconds() - before
        before, start = postgres.processor_seconds(), time.process_time()
        _read(ours, read)
        _copy_bare(postgres)
        bare = time.process_time() - start + postgres.processor_seconds() - before
        return _results(job, told, busy, bare)


def _set_up(directory: Path, **extra: str) -> None:
    flask(directory, "demo", "load", "--supporters", "0", **extra)
    run_python(SETUP, directory, str(DONORS), **extra)


def _enter(directory: Path, content: bytes, **extra: str) -> dict[str, Any]:
    (directory / "file").write_bytes(content)
    told: dict[str, Any] = json.loads(run_python(_OURS, directory, str(directory / "file"), **extra).splitlines()[-1])
    if told["new"] != ENTRIES or not told["matched"]:
        raise RuntimeError(str(told))
    return told


def _read(directory: Path, read: Callable[[Path], int]) -> None:
    if read(directory / "file") != ENTRIES:
        raise RuntimeError("the bare reader read another number of entries")


def _results(job: str, told: dict[str, Any], busy: float, bare: float) -> list[Result]:
    print(f"  of {job}, {told['matched']:,} booked by themselves", file=sys.stderr)
    return [
        Result(job=job, ours=round(ENTRIES / busy), floor=round(ENTRIES / bare), unit="/s", aim="≥ 0.2",
               peak_mb=round(told["mb"])),
        Result(job=f"{job}.clock", ours=round(ENTRIES / told["wall"]), unit="/s", aim="≥ 3000 /s"),
    ]  # fmt: skip


def run_python(script: str, directory: Path, *arguments: str, **extra: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment(directory, WORKER="no", **extra), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def _read_camt(path: Path) -> int:
    from lxml import etree

    count = 0
    for _, element in etree.iterparse(path, tag="{*}Ntry"):
        count += 1
        element.clear()
        while (before := element.getprevious()) is not None:
            element.getparent().remove(before)
    return count


def _read_lines(path: Path) -> int:
    with path.open(encoding="utf-8") as file:
        return sum(line.startswith(":61:") for line in file)


def _insert_bare(ours: Path, bare: Path) -> None:
    """The rows that ours has more, into the same tables with the same indexes, without triggers and foreign keys."""
    source, target = sqlite3.connect(ours), sqlite3.connect(bare, isolation_level=None)
    target.execute("PRAGMA journal_mode = wal")
    for care in ("synchronous = full", "secure_delete = on", "cache_size = -32000"):
        target.execute(f"PRAGMA {care}")
    for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        target.execute(f"DROP TRIGGER {name}")
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    reading = [_rows(source, target, name) for (name,) in target.execute(tables).fetchall()]
    for statement, rows in reading:
        while batch := list(islice(rows, _BATCH * 4)):
            target.execute("BEGIN IMMEDIATE")
            target.executemany(statement, batch)
            target.execute("COMMIT")
    source.close()
    target.close()


def _rows(
    source: sqlite3.Connection, target: sqlite3.Connection, table: str
) -> tuple[str, Iterator[tuple[object, ...]]]:
    count = target.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
    found = source.execute(f"SELECT * FROM {table} ORDER BY rowid LIMIT -1 OFFSET {count}")  # noqa: S608
    marks = ", ".join("?" * len(found.description))
    return f"INSERT OR IGNORE INTO {table} VALUES ({marks})", found  # noqa: S608


def _copy_bare(postgres: Running) -> None:
    """`_insert_bare` on PostgreSQL."""
    with postgres.server.admin(NAME) as source, postgres.server.admin("bare") as target:
        for connection in (source, target):
            connection.execute(f"SET search_path = {ROLE}")
        for kind in ("json", "jsonb"):  # goes back as it came
            source.adapters.register_loader(kind, TextLoader)
        target.execute("SET session_replication_role = replica")
        for (table,) in target.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [ROLE]).fetchall():
            _copy_rows(source, target, table)


def _copy_rows(source: psycopg.Connection, target: psycopg.Connection, table: str) -> None:
    counted = target.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]  # noqa: S608
    with source.transaction(), source.cursor("bare") as found, target.cursor() as cursor:
        found.execute(f"SELECT * FROM {table} ORDER BY ctid OFFSET %s", counted)  # type: ignore[arg-type]  # noqa: S608
        marks = ", ".join(["%s"] * len(found.description or ()))
        statement = f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
        while batch := found.fetchmany(_BATCH * 4):
            with target.transaction():
                cursor.executemany(statement, batch)  # type: ignore[arg-type]
