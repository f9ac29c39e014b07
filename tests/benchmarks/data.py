"""Databases of a known size, made once a run and shared by the benchmarks that read."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.benchmarks.harness import ROOT, flask


@cache
def filled(supporters: int) -> Path:
    """The data folder of an installation with so many supporters and five times as many gifts."""
    (ROOT / "var").mkdir(mode=0o700, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix=f"bench-{supporters}-", dir=ROOT / "var"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    print(f"  loading {supporters:,} supporters …", file=sys.stderr)
    flask(directory, "demo", "load", "--supporters", str(supporters))
    flask(directory, "worker", "--once")
    return directory
