"""Clients that send a byte now and then, to a real server: others are answered, and they are let go."""

from __future__ import annotations

import re
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.cli.slow import LEAST_RATE, PATIENCE, too_slow
from tests.support.processes import LONGEST, environment, free_port, running

pytestmark = pytest.mark.databases("sqlite")
_SERVE = "from app.cli import slow; slow.PATIENCE = 1.0; from flask.cli import main; main()"
_HALF = b"POST /steun-ons HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n"


def test_more_half_requests_than_threads_hold_nobody_up_and_are_let_go(database_url: str, tmp_path: Path) -> None:
    environ = environment(tmp_path, DATABASE_URL=database_url, APP_ENV="test", WORKER="no", THREADS="2")
    environ["PORT"] = str(free_port())
    with running(environ, sys.executable, "-c", _SERVE, "--app", "app", "serve") as process, ExitStack() as opened:
        process.wait_until_it_answers()
        slow = [opened.enter_context(socket.create_connection(("127.0.0.1", process.port))) for _ in range(20)]
        for number, each in enumerate(slow):
            each.sendall(_HALF + (b"\r\nfirst_name=" if number % 2 else b""))
        assert process.get("/steun-ons")[0] == 200
        assert all(map(_is_let_go, slow)), "a byte now and then kept a connection"
        assert process.get("/steun-ons")[0] == 200


_LIMIT = "import os, resource as r; _, hard = r.getrlimit(r.RLIMIT_NOFILE); r.setrlimit(r.RLIMIT_NOFILE, "
_MANY_FILES = _LIMIT + "(1024, hard)); held = [os.dup(1) for _ in range(900)]; "
_FEW_FILES = _LIMIT + "(150, 150)); "


@pytest.mark.parametrize("begin", [_MANY_FILES, _FEW_FILES])
def test_more_connections_than_it_can_hold_do_not_end_it(begin: str, database_url: str, tmp_path: Path) -> None:
    """File numbers from 1024 on ended the server; where no file could be opened any more it had no database."""
    environ = environment(tmp_path, DATABASE_URL=database_url, APP_ENV="test", WORKER="no", PROCESSES="1")
    environ["PORT"] = str(free_port())
    with (
        running(environ, sys.executable, "-c", begin + _SERVE, "--app", "app", "serve") as process,
        ExitStack() as opened,
    ):
        process.wait_until_it_answers()
        held = [opened.enter_context(socket.create_connection(("127.0.0.1", process.port))) for _ in range(180)]
        for each in held:
            each.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        time.sleep(0.5)
        for each in held[:15]:  # they have a place, and now a whole request
            each.sendall(b"\r\n")
        assert all(each.recv(12) == b"HTTP/1.1 200" for each in held[:15]), process.said
        opened.close()
        assert process.get("/steun-ons")[0] == 200


@pytest.mark.parametrize("sent", [b"", _HALF + b"\r\nfirst_name="])
def test_silent_connections_in_every_place_hold_donors_up_for_seconds(
    sent: bytes, database_url: str, tmp_path: Path
) -> None:
    environ = environment(tmp_path, DATABASE_URL=database_url, APP_ENV="test", WORKER="no", PROCESSES="1")
    environ["PORT"] = str(free_port())
    begin = _FEW_FILES + "from flask.cli import main; main()"
    with running(environ, sys.executable, "-c", begin, "--app", "app", "serve") as process, ExitStack() as opened:
        process.wait_until_it_answers()
        for _ in range(60):
            opened.enter_context(socket.create_connection(("127.0.0.1", process.port))).sendall(sent)
        began = time.monotonic()
        assert process.get("/steun-ons")[0] == 200
        assert time.monotonic() - began < PATIENCE / 2, "they kept every place"


def test_who_does_not_read_the_answer_is_let_go(database_url: str, tmp_path: Path) -> None:
    environ = environment(tmp_path, DATABASE_URL=database_url, APP_ENV="test", WORKER="no", PROCESSES="1")
    environ["PORT"] = str(free_port())
    begin = "from app.cli import slow; slow.STALLED = 1.0; from flask.cli import main; main()"
    with running(environ, sys.executable, "-c", begin, "--app", "app", "serve") as process, ExitStack() as opened:
        process.wait_until_it_answers()
        style = re.search(r"/static/css/public[^\"]+", process.get("/login")[1])
        assert style
        deaf = opened.enter_context(socket.socket())
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect(("127.0.0.1", process.port))
        deaf.sendall(f"GET {style[0]} HTTP/1.1\r\n\r\n".encode() * 130)  # read at once, none by half
        assert _is_let_go(deaf, reading=False), "who reads nothing kept a connection"
        assert process.get("/steun-ons")[0] == 200


def _is_let_go(client: socket.socket, *, reading: bool = True) -> bool:
    client.settimeout(0.2)
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        try:
            if not reading:
                time.sleep(5)  # first, lest it be taken for half a request
            client.sendall(b"x")
            if reading and client.recv(1) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.parametrize(
    ("seconds", "received", "slow"),
    [
        (PATIENCE, 0, False), (PATIENCE + 1, 100, True), (PATIENCE + 9, 10 * LEAST_RATE, False),
        (600, 40 * 1024 * 1024, False), (600, 30_000, True),
    ],
)  # fmt: skip
def test_more_bytes_get_more_time(seconds: float, received: int, slow: bool) -> None:
    assert too_slow(seconds, received) is slow
