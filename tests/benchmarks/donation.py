"""The donation page under load: GET against a bare hello-world, POST against a bare durable commit."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from app.base.ids import new_ids
from app.giving.tokens import make_form_token
from tests.benchmarks import load
from tests.benchmarks.harness import Result, bench, flask, floor, free_port, ours, server, workplace

ROUNDS = 3
SECONDS = 4.0
CLIENTS = 16
POSTS = 1500
PAGE = "/steun-ons"


@bench("donation")
def donation() -> list[Result]:
    """Ours and the floors in turn, several rounds; the middle rates count."""
    with workplace() as directory, workplace() as elsewhere:
        flask(directory, "demo", "load", "--supporters", "0")
        key = json.loads((directory / "secrets.json").read_text(encoding="utf-8"))["secret_key"]
        get_ours, get_floor = _in_turn(
            directory, elsewhere, "hello", lambda path: [load.request("GET", path)] * CLIENTS, seconds=SECONDS
        )
        post_ours, post_floor = _in_turn(
            directory, elsewhere, "commit", lambda path: posts(path, key), seconds=None, expect=303
        )
    return [
        Result(job="donation.get", ours=get_ours, floor=get_floor, unit="/s", aim="≥ 0.5"),
        Result(job="donation.post", ours=post_ours, floor=post_floor, unit="/s", aim="≥ 0.25"),
    ]


def posts(path: str, key: str, count: int = POSTS) -> list[bytes]:
    """Donation posts, each with a token of its own."""
    at = datetime.now(UTC)
    form = {
        "frequency": "once", "amount": "25", "other_amount": "", "first_name": "Anna", "infix": "van den",
        "last_name": "Berg", "method": "ideal", "programme": "",
    }  # fmt: skip
    return [
        load.request(
            "POST",
            path,
            body=urlencode(
                form | {"token": make_form_token(key, row_id, at), "email": f"anna{row_id}@example.org"}
            ).encode(),
        )
        for row_id in new_ids(count)
    ]


def _in_turn(
    directory: Path,
    elsewhere: Path,
    name: str,
    messages: Callable[[str], list[bytes]],
    *,
    seconds: float | None,
    expect: int = 200,
) -> tuple[float, float]:
    rates: dict[str, list[float]] = {"ours": [], "floor": []}
    for _ in range(ROUNDS):
        port = free_port()
        command, env = ours(directory, port, WORKER="no")
        with server(command, env, port, PAGE):
            rates["ours"].append(_rate(port, messages(PAGE), seconds, expect))
        port = free_port()
        (elsewhere / "floor.db").unlink(missing_ok=True)
        command, env = floor(name, elsewhere, port)
        with server(command, env, port):
            rates["floor"].append(_rate(port, messages("/"), seconds, expect))
    return median(rates["ours"]), median(rates["floor"])


def _rate(port: int, messages: list[bytes], seconds: float | None, expect: int) -> float:
    load.run(port, messages[: 2 * CLIENTS], clients=CLIENTS)  # warm up; a post again is the same gift
    outcome = load.run(port, messages[2 * CLIENTS :] or messages, clients=CLIENTS, seconds=seconds)
    if set(outcome.statuses) != {expect}:
        raise RuntimeError(f"answers other than {expect}: {outcome.statuses}")
    return outcome.rate
