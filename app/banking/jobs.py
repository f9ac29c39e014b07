"""Large bank files are read by the worker, so that nobody waits at a page."""

from __future__ import annotations

from typing import Any

from app.banking import imports
from app.base.actor import Actor
from app.extensions import now
from app.jobs.services import job

AT_ONCE = 1_000_000  # bytes: what is smaller is read while the person waits


@job("bank.take_in")
def take_in(payload: dict[str, Any]) -> None:
    account_id = int(payload["account_id"]) if "account_id" in payload else None
    actor = Actor("staff", int(payload["staff_id"]))
    imports.process(int(payload["file_id"]), actor=actor, now=now(), account_id=account_id)
