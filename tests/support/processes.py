"""The product's own commands as real processes: started, awaited for a bounded time, ended by their id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import ROOT

FLASK = (sys.executable, "-m", "flask", "--app", "app")
LONGEST = 90.0  # seconds that anything may take on a busy machine
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "only for tests: 7Vq2_xM9bK4tR8wZ1cN5jH3g",
    "VAULT_KEYS": "k1:8f3b0c6d92e7a15448d1f0b7c3962ea5d07b81f46c29e53a18b4d7f06e92c35a",
    "BASE_URL": "https://steun.example.org",
    "SMTP_URL": "smtp://127.0.0.1:1",
    "MOLLIE_API_KEY": "live_abcdefghijklmnopqrstuvwxyz1234",
    "WORKER": "no",
}


def environment(directory: Path, **settings: str) -> dict[str, str]:
    """The environment of a command: files in `directory`, settings as given and nothing of ours besides."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"DATA_DIR": str(directory), "HOST": "127.0.0.1", "COLUMNS": "200"} | settings


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def flask(environ: dict[str, str], *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(  # noqa: S603
        [*FLASK, *words],
        env=environ,
        cwd=ROOT,
        input=typed,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


class Process:
    """A command that goes on running; what it says is collected in `said`."""

    def __init__(self, environ: dict[str, str], *words: str) -> None:
        self.port = int(environ.get("PORT", "0"))
        self._process = subprocess.Popen(  # noqa: S603
            words,
            env=environ,
            cwd=ROOT,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.pid = self._process.pid
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said += line

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of one request to it."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=LONGEST) as answer:  # noqa: S310
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def wait_until_it_answers(self) -> None:
        """Fail when it ends, or does not listen in time."""
        end = time.monotonic() + LONGEST
        while True:
            assert self._process.poll() is None, f"it ended with {self._process.returncode}:\n{self.said}"
            assert time.monotonic() < end, f"it does not listen:\n{self.said}"
            try:
                self.get("/healthz")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)

    def ask_to_stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        """Its exit code, once it ends by itself."""
        code = self._process.wait(LONGEST)
        self._reader.join(LONGEST)
        return code

    def stop(self) -> int:
        self.ask_to_stop()
        return self.end()

    def kill(self) -> None:
        """As the machine would (-9): nothing after it runs."""
        self._process.kill()
        assert self.end() == -signal.SIGKILL, self.said

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(LONGEST)
        self._reader.join(LONGEST)
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def running(environ: dict[str, str], *words: str) -> Iterator[Process]:
    """A command that runs meanwhile, and is gone afterwards."""
    process = Process(environ, *words)
    try:
        yield process
    finally:
        process.close()


@contextmanager
def serving(environ: dict[str, str]) -> Iterator[Process]:
    """`flask serve`, once it answers."""
    with running({"PORT": str(free_port())} | environ, *FLASK, "serve") as process:
        process.wait_until_it_answers()
        yield process
