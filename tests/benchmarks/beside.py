"""Donations while a bank file is entered by its command, beside those without, in turns. `BESIDE_SECONDS` is how long
each turn lasts, or `GIVING_SECONDS` where the provider takes its time."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

from tests.banking.files import camt
from tests.benchmarks import banking, giving, load
from tests.benchmarks.donation import PAGE, posts
from tests.benchmarks.harness import ROOT, Result, bench, environment, flask, free_port, ours, server, workplace

SECONDS = float(os.environ.get("BESIDE_SECONDS", "8"))
CLIENTS, ROUNDS = 8, 3
_PATIENCE = 120  # seconds until the first entries are there


@bench("finance.beside")
def beside() -> list[Result]:
    """The middle of some rounds; each begins with a file of its own, large enough to last."""
    with workplace() as directory:
        flask(directory, "demo", "load", "--supporters", "0")
        banking.run_python(banking.SETUP, directory, "500")
        key = json.loads((directory / "secrets.json").read_text(encoding="utf-8"))["secret_key"]
        port = free_port()
        command, env = ours(directory, port, WORKER="no")
        alone, among, entered = [], [], 0
        with server(command, env, port, PAGE):
            load.run(port, posts(PAGE, key, 2 * CLIENTS), clients=CLIENTS)  # warm up
            for number in range(ROUNDS):
                alone.append(_donate(port, key))
                with _importing(directory, number) as importing:
                    before = _await_entries(directory)
                    among.append(_donate(port, key))
                    if importing.poll() is not None:
                        raise RuntimeError("the file was entered before the donors were done")
                    entered += _count(directory, "bank_entry") - before
        flask(directory, "ledger", "check")
    rate = round(entered / (ROUNDS * SECONDS), 1)
    return [
        Result(job="finance.beside", ours=round(median(among), 1), floor=round(median(alone), 1), unit="/s",
               aim="≥ 0.5"),
        Result(job="finance.beside.entries", ours=rate, unit="/s", aim=""),
    ]  # fmt: skip


@bench("giving.beside")
def giving_beside() -> list[Result]:
    """64 clients whose provider answers in 300 ms, without and with a file: nothing may be lost or doubled."""
    with workplace() as directory, giving.provider(giving.ANSWER_SECONDS) as url:
        flask(directory, "demo", "load", "--supporters", "0")
        banking.run_python(banking.SETUP, directory, "500")
        key = json.loads((directory / "secrets.json").read_text(encoding="utf-8"))["secret_key"]
        port = free_port()
        command, env = ours(directory, port, **giving.waiting_for(url))
        before = _count(directory, "checkout")
        with server(command, env, port, PAGE):
            alone = _give(port, key)
            with _importing(directory, 0, banking.ENTRIES) as importing:
                _await_entries(directory)
                among = _give(port, key)
                if importing.poll() is not None:
                    raise RuntimeError("the file was entered before the donors were done")
        sent = len(alone.latencies) + len(among.latencies)
        kept, asked = _count(directory, "checkout") - before, giving.payments(url)
        if not kept == asked == sent:
            raise RuntimeError(f"{sent} posts, {kept} checkouts, {asked} payments: something was lost or doubled")
        flask(directory, "ledger", "check")
    return [
        Result(job="giving.beside", ours=among.rate, floor=alone.rate, unit="/s", aim="to be known"),
        Result(job="giving.beside.p99", ours=among.percentile(0.99), floor=alone.percentile(0.99), unit="ms",
               aim="to be known"),
    ]  # fmt: skip


def _give(port: int, key: str) -> load.Outcome:
    most = int(giving.SECONDS * 64 / giving.ANSWER_SECONDS * 1.2)
    outcome = load.run(port, posts(PAGE, key, most), clients=64, seconds=giving.SECONDS)
    if set(outcome.statuses) != {303}:
        raise RuntimeError(f"answers other than 303: {outcome.statuses}")
    return outcome


def _donate(port: int, key: str) -> float:
    outcome = load.run(port, posts(PAGE, key, int(200 * SECONDS)), clients=CLIENTS, seconds=SECONDS)
    if set(outcome.statuses) != {303}:
        raise RuntimeError(f"answers other than 303: {outcome.statuses}")
    return outcome.rate


@contextmanager
def _importing(
    directory: Path, number: int, size: int = banking.ENTRIES // ROUNDS
) -> Iterator[subprocess.Popen[bytes]]:
    """The command at work; ended at once afterwards, as by a power cut."""
    pays = list(banking.pays())[number * size : (number + 1) * size]
    file = directory / f"bank-{number}.xml"
    file.write_bytes(camt(pays, statement=f"S{number}", on="2026-01-15"))
    command = [sys.executable, "-m", "flask", "--app", "app", "bank", "import", str(file)]
    process = subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, env=environment(directory, WORKER="no"), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _await_entries(directory: Path) -> int:
    until, before = time.monotonic() + _PATIENCE, _count(directory, "bank_entry")
    while (now := _count(directory, "bank_entry")) == before:
        if time.monotonic() > until:
            raise RuntimeError("no entry came")
        time.sleep(0.1)
    return now


def _count(directory: Path, table: str) -> int:
    with closing(sqlite3.connect(directory / "draagvlak.db")) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
