"""Several processes on one address: one that dies is replaced, all stop together, and writers of all take turns."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask

from app.cli.processes import wanted
from app.cli.serve import warm_up
from app.extensions.file_lock import locked
from config import ROOT
from tests.support.processes import LONGEST, Process, environment, running, serving

pytestmark = pytest.mark.databases("sqlite")

STUBBORN = """
import signal, sys, time
from app.cli.processes import Crew

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("up", flush=True)
    time.sleep(600)

Crew([stubborn, stubborn], grace=1, on_stop=lambda: print("asked", flush=True)).run()
print("whole", flush=True)
"""
APART = """
import time
from app.cli.processes import apart

def slow(config):
    print("up", flush=True)
    time.sleep(5)

apart(slow, None)
"""
HOLDING = """
import sys, time
from pathlib import Path
from app.extensions.file_lock import locked

with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def _processes() -> dict[int, int]:
    """Every process that lives: its number → its parent's."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            state, parent, *_ = path.read_text(encoding="utf-8").rpartition(")")[2].split()
            if state != "Z":
                found[int(path.parent.name)] = int(parent)
    return found


def _children(pid: int) -> set[int]:
    return {child for child, parent in _processes().items() if parent == pid}


def _until(true: Callable[[], bool], process: Process) -> None:
    end = time.monotonic() + LONGEST
    while not true():
        assert time.monotonic() < end, process.said
        time.sleep(0.05)


def test_a_process_that_dies_is_replaced_and_all_stop_together(database_url: str, tmp_path: Path) -> None:
    with serving(environment(tmp_path, DATABASE_URL=database_url, APP_ENV="test", PROCESSES="2")) as process:
        first = _children(process.pid)
        assert len(first) == 3  # two servers and the worker
        os.kill(min(first), signal.SIGKILL)
        for _ in range(5):  # the other one answers meanwhile
            assert process.get("/healthz")[0] == 200
        _until(lambda: len(_children(process.pid)) == 3, process)
        second = _children(process.pid)
        assert len(first & second) == 2
        assert process.stop() == 0, process.said
        assert not second & _processes().keys()
    assert re.search(r"process \d+ ended with -9; another takes its place", process.said)
    assert "Traceback" not in process.said


def test_the_page_that_donors_meet_is_made_before_one_of_them_asks(app: Flask) -> None:
    pages = app.extensions["giving.pages"]
    assert not pages.kept
    warm_up(app)
    assert [place.path for place in pages.kept] == ["/steun-ons"]


def test_when_the_first_process_dies_all_die_with_it(database_url: str, tmp_path: Path) -> None:
    environ = environment(tmp_path, DATABASE_URL=database_url, APP_ENV="test", PROCESSES="2", WORKER="no")
    with serving(environ) as process:
        others = _children(process.pid)
        assert len(others) == 2
        os.kill(process.pid, signal.SIGKILL)
        _until(lambda: not others & _processes().keys(), process)
        with serving(environ | {"PORT": str(process.port)}) as again:
            assert again.get("/healthz")[0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_is_made_ready_apart_ends_with_the_first_process(number: signal.Signals) -> None:
    with running({"PATH": os.environ["PATH"]}, sys.executable, "-c", APART) as process:
        _until(lambda: "up" in process.said, process)
        apart = _children(process.pid)
        os.kill(process.pid, number)
        _until(lambda: not apart & _processes().keys(), process)


def test_who_does_not_stop_in_time_is_killed() -> None:
    with running({"PATH": os.environ["PATH"]}, sys.executable, "-c", STUBBORN) as process:
        _until(lambda: process.said.count("up") == 2, process)
        process.ask_to_stop()
        assert process.end() == 0
        assert process.said.split() == ["up", "up", "asked", "whole"]


def test_a_lock_goes_with_the_process_that_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "turn"
    with running({"PATH": os.environ["PATH"]}, sys.executable, "-c", HOLDING, str(path)) as process:
        _until(lambda: "held" in process.said, process)
        with pytest.raises(subprocess.TimeoutExpired):
            _try_to_hold(path, patience=1.0)
        os.kill(process.pid, signal.SIGKILL)
        process.end()
        with locked(path):
            pass


def test_a_lock_is_free_again_though_a_process_was_forked_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "turn"
    with locked(path):
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
    try:
        _try_to_hold(path, patience=30.0)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _try_to_hold(path: Path, *, patience: float) -> None:
    script = "import sys; from pathlib import Path; from app.extensions.file_lock import locked\n" \
             "with locked(Path(sys.argv[1])): pass"  # fmt: skip
    subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, timeout=patience, check=True)  # noqa: S603


def test_as_many_processes_as_cores_unless_a_setting_says_otherwise() -> None:
    assert 1 <= wanted(0) <= 4
    assert wanted(7) == 7
