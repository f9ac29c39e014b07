"""Work killed (-9) at its n-th statement or commit, in a process of its own."""

from __future__ import annotations

import itertools
import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from app.extensions import db


def killed_at(point: int, work: Callable[[], object]) -> bool:
    """Whether it got that far; False where it ended before."""
    db.session.remove()
    db.engine.dispose()
    if not (child := os.fork()):
        counted = itertools.count(1)

        def die(*_: Any) -> None:
            if next(counted) == point:
                os.kill(os.getpid(), signal.SIGKILL)

        for name in ("before_cursor_execute", "commit"):
            event.listen(db.engine, name, die)
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL)
    return status != 0
