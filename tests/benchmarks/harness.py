"""What every benchmark shares: results, the table, servers in processes of their own.

A figure means something only beside its floor: the least that could do the same, measured in
the same run on the same machine. Aims are ratios of the two.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`ratio` is ours ÷ floor in `unit`; `aim` says which side of which number is wanted."""

    job: str
    ours: float
    unit: str
    aim: str
    floor: float | None = None
    peak_mb: float | None = None
    statements: int | None = None

    @property
    def ratio(self) -> float | None:
        return round(self.ours / self.floor, 3) if self.floor else None

    def reached(self) -> bool | None:
        """Whether the aim was reached; None where it cannot be told."""
        sign, _, number = self.aim.partition(" ")
        figure = self.ours if self.aim.endswith(("ms", "s", "MB")) else self.ratio
        if figure is None or sign not in ("≥", "≤"):
            return None
        limit = float(number.split()[0])
        return figure >= limit if sign == "≥" else figure <= limit


Job = Callable[[], list[Result]]
_jobs: dict[str, Job] = {}
_pids: dict[int, int] = {}  # of the servers, by port


def bench(name: str) -> Callable[[Job], Job]:
    """Register a benchmark: its name is the beginning of the jobs it reports."""

    def register(job: Job) -> Job:
        _jobs[name] = job
        return job

    return register


def chosen(prefix: str) -> list[tuple[str, Job]]:
    return [(name, job) for name, job in _jobs.items() if name.startswith(prefix) or prefix.startswith(name)]


def report(results: list[Result], path: Path) -> None:
    """Print the table and write `path`; jobs measured earlier and not now stay in the file."""
    width = max(len(r.job) for r in results)
    print(f"{'job':<{width}}  {'ours':>12}  {'floor':>12}  {'ratio':>7}  {'peak MB':>8}  {'SQL':>4}  aim")
    for r in results:
        mark = {True: "reached", False: "missed", None: ""}[r.reached()]
        floor = f"{r.floor:,.1f}" if r.floor is not None else "-"
        ratio = f"{r.ratio:.2f}" if r.ratio is not None else "-"
        peak = f"{r.peak_mb:,.0f}" if r.peak_mb is not None else "-"
        count = str(r.statements) if r.statements is not None else "-"
        figures = f"{r.ours:>9,.1f} {r.unit:<3}{floor:>12}  {ratio:>7}  {peak:>8}  {count:>4}"
        print(f"{r.job:<{width}}  {figures}  {r.aim}  {mark}")
    try:
        earlier = {row["job"]: row for row in json.loads(path.read_text(encoding="utf-8"))}
    except (FileNotFoundError, ValueError):
        earlier = {}
    for r in results:
        earlier[r.job] = {**asdict(r), "ratio": r.ratio}
    keys = ("job", "ours", "floor", "unit", "ratio", "aim", "peak_mb", "statements")
    rows = [{key: row.get(key) for key in keys} for row in earlier.values()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for one benchmark's database, on disk (not in memory: durability has its price)."""
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "var") as directory:
        yield Path(directory)


def environment(directory: Path, **extra: str) -> dict[str, str]:
    base = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return base | {"APP_ENV": "demo", "DATA_DIR": str(directory), "DEMO_PASSWORD": "bench-password-1"} | extra


def flask(directory: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run one of our commands; its output is kept for when it fails."""
    command = [sys.executable, "-m", "flask", "--app", "app", *arguments]
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment(directory, **extra), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"flask {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
    return done


@contextmanager
def server(command: list[str], env: dict[str, str], port: int, path: str = "/") -> Iterator[int]:
    """A server in a process of its own, awaited until it answers; yields its port."""
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=nowhere, stderr=nowhere)  # noqa: S603
    _pids[port] = process.pid
    try:
        _await(port, path, process)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as probe:
                probe.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                if probe.recv(12).startswith(b"HTTP/1.1"):
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not answer within 60 s")


def ours(directory: Path, port: int, **extra: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment of our server, as `make run` starts it."""
    command = [sys.executable, "-m", "flask", "--app", "app", "serve"]
    return command, environment(directory, HOST="127.0.0.1", PORT=str(port), **extra)


def floor(name: str, directory: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """Command and environment of one of the bare servers in floors.py."""
    return [sys.executable, "-m", "tests.benchmarks.floors", name, str(directory), str(port)], environment(directory)


def timed(command: list[str], directory: Path) -> tuple[float, float | None]:
    """Seconds and peak MB of one process; the peak is read from /proc, so None where there is none.

    (The peak in rusage is of no use here: a child begins with what its parent had.)
    """
    begun = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, env=environment(directory), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak: float | None = None
    while process.poll() is None:
        peak = peak_mb(process.pid) or peak
        time.sleep(0.02)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - begun, peak


def processor_seconds(port: int) -> float:
    """What the server on this port and the processes it started have used so far; 0 where there is no /proc."""
    return tree_seconds(_pids[port])


def tree_seconds(pid: int, *, ended: bool = False) -> float:
    """What a process and those it started have used so far; `ended`: with those that are gone. 0 without /proc."""
    return sum(_processor_seconds(each, 15 if ended else 13) for each in _with_children(pid))


def _with_children(pid: int) -> list[int]:
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text(encoding="ascii").split():
            found += _with_children(int(child))
    return found


def _processor_seconds(pid: int, until: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:until])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float | None:
    """The most memory a running process has had, in MB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) / 1024 if lines else None
