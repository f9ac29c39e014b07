"""Pictures of the first pages of a PDF, for a preview that every browser shows, phones too.

Many browsers show no PDF within a page (those on phones, and Chromium without a screen). The file is drawn
by a process of its own (`drawing`), bounded in time and memory, two at a time; nothing of it is kept.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

from app.base.errors import Invalid
from app.base.states import N_

PAGES, WIDTH, HEIGHT = 3, 1000, 2000
LONGEST = 15.0  # seconds
_turns = BoundedSemaphore(2)
_PROGRAM = (sys.executable, "-I", str(Path(__file__).with_name("drawing.py")))


def of_pdf(content: bytes) -> bytes:
    """The first three pages as one PNG. Slow work: no transaction open. Raises Invalid where nothing can be shown
    (a password, a broken file, or drawing takes too long)."""
    words = [*_PROGRAM, str(PAGES), str(WIDTH), str(HEIGHT)]
    cannot = Invalid(N_("This PDF cannot be shown here. Download it to read it."))
    if not _turns.acquire(timeout=LONGEST):
        raise cannot
    try:
        done = subprocess.run(words, input=content, capture_output=True, timeout=LONGEST, check=False, env={})  # noqa: S603
    except (subprocess.TimeoutExpired, BrokenPipeError):
        raise cannot from None
    finally:
        _turns.release()
    if done.returncode or not done.stdout.startswith(b"\x89PNG"):
        raise cannot
    return done.stdout
