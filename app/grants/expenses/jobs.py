"""Reading and entering sheets that are too large to wait for, by the worker."""

from __future__ import annotations

from typing import Any

from app.extensions import now
from app.grants.expenses import imports
from app.jobs.services import job

SMALL = 300_000  # bytes: what is smaller is done while the person waits


@job("expenses.try_out")
def try_out(payload: dict[str, Any]) -> None:
    imports.try_out(int(payload["import_id"]))


@job("expenses.enter")
def enter(payload: dict[str, Any]) -> None:
    imports.enter(int(payload["import_id"]), now=now())
