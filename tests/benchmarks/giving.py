"""Giving while the provider answers in 300 ms, and deliveries of webhooks, on SQLite and on PostgreSQL.

The floor is a bare route that makes the same call and one durable commit, with as many threads. Nothing may
be lost or doubled: afterwards there are as many checkouts as posts, and as many payments at the provider.
`GIVING_SECONDS=30` holds the load for that long.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.benchmarks import load
from tests.benchmarks.donation import PAGE, posts
from tests.benchmarks.harness import (
    Result,
    bench,
    environment,
    flask,
    floor,
    free_port,
    ours,
    processor_seconds,
    server,
    workplace,
)
from tests.benchmarks.postgresql import running

SECONDS = float(os.environ.get("GIVING_SECONDS", "6"))
ANSWER_SECONDS = 0.3
THREADS = 72  # more than there are clients: who waits for the provider must not hold up the rest
DELIVERIES = 400
KEY = "test_fakefakefakefakefakefakefake"


@dataclass(frozen=True, slots=True)
class Place:
    """A filled database, the provider beside it, and what both servers are told of them."""

    name: str
    directory: Path
    provider: str
    ours: dict[str, str]
    floor: dict[str, str]
    count: Callable[[str], int]  # of a table's rows


@bench("giving.post")
def giving_post() -> list[Result]:
    """Posts of the form at 16 and 64 clients."""
    results: list[Result] = []
    for place in _places(delay=ANSWER_SECONDS):
        for clients, aim in ((16, "≥ 0.9"), (64, "≥ 0.8")):
            results += _posted(place, clients, aim)
    return results


def _posted(place: Place, clients: int, aim: str) -> list[Result]:
    key = json.loads((place.directory / "secrets.json").read_text(encoding="utf-8"))["secret_key"]
    most = int(SECONDS * clients / ANSWER_SECONDS * 1.2)
    job = f"giving.post.{clients}{place.name}"
    before, made = place.count("checkout"), payments(place.provider)
    with _ours(place) as port:
        outcome, busy = _measured(port, posts(PAGE, key, most), clients, SECONDS)
    sent = len(outcome.latencies)
    if set(outcome.statuses) != {303}:
        raise RuntimeError(f"answers other than 303: {outcome.statuses}")
    # What was on its way when the time was up is counted with what was answered.
    kept, asked = place.count("checkout") - before, payments(place.provider) - made
    if not kept == asked == sent:
        raise RuntimeError(f"{sent} posts, {kept} checkouts, {asked} payments: something was lost or doubled")
    with workplace() as directory:
        port = free_port()
        command, env = floor("call", directory, port)
        with server(command, env | place.floor, port):
            messages = [load.request("POST", "/", body=b"x=1")] * most
            bare, bare_busy = _measured(port, messages, clients, SECONDS)
    return [
        Result(job=job, ours=outcome.rate, floor=bare.rate, unit="/s", aim=aim),
        Result(job=f"{job}.p99", ours=outcome.percentile(0.99), floor=bare.percentile(0.99), unit="ms",
               aim="≤ 1000 ms"),
        _processor(job, busy, bare_busy),
    ]  # fmt: skip


def _measured(
    port: int, messages: list[bytes], clients: int, seconds: float | None = None
) -> tuple[load.Outcome, float]:
    """What came back, and the server's milliseconds of processor time for each."""
    before = processor_seconds(port)
    outcome = load.run(port, messages, clients=clients, seconds=seconds)
    return outcome, 1000 * (processor_seconds(port) - before) / len(outcome.latencies)


def _processor(job: str, busy: float, bare: float) -> Result:
    """Says more than the rate where other work keeps the machine busy."""
    return Result(job=f"{job}.cpu", ours=busy, floor=bare or None, unit="ms", aim="to be known")


@bench("giving.webhooks")
def webhooks() -> list[Result]:
    """Deliveries a second, each of a payment that was just paid: looked up, booked, thanked for, once."""
    results: list[Result] = []
    for place in _places(delay=0.0):
        key = json.loads((place.directory / "secrets.json").read_text(encoding="utf-8"))["secret_key"]
        before = place.count("gift")
        with _ours(place) as port:
            load.run(port, posts(PAGE, key, DELIVERIES), clients=16)
            paid = _pay_all(place.provider)
            told = [load.request("POST", "/webhooks/mollie", body=urlencode({"id": i}).encode()) for i in paid]
            outcome, busy = _measured(port, told, 16)
        if place.count("gift") - before != DELIVERIES:
            raise RuntimeError(f"{place.count('gift') - before} gifts of {DELIVERIES} payments")
        with workplace() as directory:
            port = free_port()
            command, env = floor("look", directory, port)
            with server(command, env | place.floor, port):
                told = [load.request("POST", "/", body=f"id={i}".encode()) for i in paid]
                bare, bare_busy = _measured(port, told, 16)
        job = f"giving.webhooks{place.name}"
        results += [
            Result(job=job, ours=outcome.rate, floor=bare.rate, unit="/s", aim="to be known"),
            _processor(job, busy, bare_busy),
        ]
    return results


def _places(delay: float) -> Iterator[Place]:
    """On SQLite, then on PostgreSQL where there is one, each with a fake provider of its own."""
    for kind in (_sqlite, _postgresql):
        with kind() as (name, directory, database, count), provider(delay) as url:
            told = database | waiting_for(url)
            bare = {"PROVIDER": url, "PROVIDER_KEY": KEY, "THREADS": str(THREADS)}
            if database:
                bare["DATABASE"] = database["DATABASE_URL"]
            yield Place(name, directory, url, told, bare, count)


def waiting_for(url: str) -> dict[str, str]:
    """Settings of a server whose provider is the fake at this address."""
    mollie = {"PAYMENT_PROVIDER": "mollie", "MOLLIE_API_URL": url, "MOLLIE_API_KEY": KEY}
    return mollie | {"THREADS": str(THREADS), "DATABASE_POOL": "24", "WORKER": "no"}


@contextmanager
def _sqlite() -> Iterator[tuple[str, Path, dict[str, str], Callable[[str], int]]]:
    import sqlite3

    def count(table: str) -> int:
        with sqlite3.connect(directory / "draagvlak.db") as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608

    with workplace() as directory:
        flask(directory, "demo", "load", "--supporters", "0")
        yield "", directory, {}, count


@contextmanager
def _postgresql() -> Iterator[tuple[str, Path, dict[str, str], Callable[[str], int]]]:
    import psycopg

    with running() as postgres, workplace() as directory:

        def count(table: str) -> int:
            with psycopg.connect(postgres.url) as connection:
                row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
                return int(row[0]) if row else 0

        flask(directory, "demo", "load", "--supporters", "0", DATABASE_URL=postgres.url)
        yield ".postgresql", directory, {"DATABASE_URL": postgres.url}, count


@contextmanager
def provider(delay: float) -> Iterator[str]:
    """A fake provider in a process of its own, and how long it thinks about a payment; its address."""
    port = free_port()
    command = [sys.executable, "-m", "tests.support.fake_mollie", "--no-webhooks", "--port", str(port)]
    with workplace() as directory, server([*command, "--delay", str(delay)], environment(directory), port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _ours(place: Place) -> Iterator[int]:
    port = free_port()
    command, env = ours(place.directory, port, **place.ours)
    with server(command, env, port, PAGE):
        yield port


def _listed(provider: str) -> Iterator[dict[str, Any]]:
    url: str | None = f"{provider}/v2/payments?limit=250"
    while url:
        asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {KEY}"})  # noqa: S310
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
            page = json.load(answer)
        yield from page["_embedded"]["payments"]
        url = (page["_links"]["next"] or {}).get("href")


def payments(provider: str) -> int:
    """How many were made there."""
    return sum(1 for _ in _listed(provider))


def _pay_all(provider: str) -> list[str]:
    """Every payment becomes paid at the provider; their ids."""
    ids = [str(payment["id"]) for payment in _listed(provider)]
    opener = urllib.request.build_opener(_StayHere)
    for payment_id in ids:
        if not re.fullmatch(r"tr_\w+", payment_id):
            raise RuntimeError(payment_id)
        with opener.open(f"{provider}/checkout/{payment_id}", b"status=paid", timeout=30):
            pass
    return ids


class _StayHere(urllib.request.HTTPRedirectHandler):
    """The page after paying is ours and not measured here."""

    def redirect_request(self, *_: Any) -> None:
        return None

    def http_error_303(self, request: Any, answer: Any, *_: Any) -> Any:
        return answer
