"""Putting work in the queue, and doing it.

A job is enqueued in the business transaction, so it exists if and only if the business
happened. Workers claim by lease: one that dies leaves its lease to run out and another takes
over. Nothing is lost by kill -9; a job may run twice and must be idempotent.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update

from app.audit.services import record
from app.base.actor import Actor
from app.base.errors import NotFound
from app.base.ids import new_id, stable_id
from app.base.states import N_
from app.base.works import Payload, job, periodic, periodics, work_of
from app.extensions import db, now
from app.extensions.sql import insert_new
from app.extensions.transactions import after_commit, writing
from app.jobs.models import Job, JobState, Schedule

__all__ = ["again", "enqueue", "enqueue_many", "job", "periodic", "run_due", "run_one", "tick"]

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 10
log = logging.getLogger(__name__)
wake = threading.Event()


def enqueue(
    name: str, payload: Payload | None = None, *, now: datetime, key: str | None = None, run_at: datetime | None = None
) -> None:
    """Put one piece of work in the queue, in this transaction. The same `key` while one waits: once."""
    enqueue_many(name, [payload or {}], now=now, keys=[key], run_at=run_at)


def enqueue_many(
    name: str,
    payloads: list[Payload],
    *,
    now: datetime,
    keys: list[str | None] | None = None,
    run_at: datetime | None = None,
) -> None:
    """`enqueue` for many at once."""
    if work_of(name) is None:
        raise LookupError(f"no job is called {name}")
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "name": name,
            "key": key,
            "payload": json.dumps(payload),
            "state": JobState.WAITING,
            "run_at": run_at or now,
            "attempts": 0,
            "created_at": now,
        }
        for payload, key in zip(payloads, keys or [None] * len(payloads), strict=True)
    ]
    if rows:
        db.session.execute(insert_new(Job), rows)
        after_commit(wake.set)


def tick(at: datetime) -> None:
    """Enqueue every periodic job whose next occurrence has come; each occurrence once, however many workers."""
    known = dict(db.session.execute(select(Schedule.name, Schedule.last_slot)).all())
    due = [p for p in periodics() if p.name not in known or known[p.name] < p.slot(at)]
    db.session.rollback()
    for each in due:
        slot = each.slot(at)
        with writing() as session:
            first = {"id": stable_id(f"schedule:{each.name}"), "name": each.name, "last_slot": slot}
            won = session.execute(insert_new(Schedule).values(**first).returning(Schedule.id)).first() is not None
            if not won:
                moved = update(Schedule).where(Schedule.name == each.name, Schedule.last_slot < slot)
                won = session.execute(moved.values(last_slot=slot).returning(Schedule.id)).first() is not None
            if won:
                enqueue(each.name, {}, now=at, key=f"periodic:{each.name}")


def _claim(at: datetime, worker: str) -> Job | None:
    due = (
        select(Job.id)
        .where(
            or_(
                (Job.state == JobState.WAITING) & (Job.run_at <= at),
                (Job.state == JobState.RUNNING) & (Job.lease_until < at),
            )
        )
        .order_by(Job.run_at)
        .limit(1)
    )
    # A look without the write lock first: an idle worker must not disturb donors.
    found = db.session.execute(due).first()
    db.session.rollback()
    if found is None:
        return None
    with writing() as session:
        claimed = session.execute(due.with_for_update(skip_locked=True)).scalar()
        if claimed is None:
            return None
        lease = {"state": JobState.RUNNING, "lease_until": at + LEASE, "worker": worker, "attempts": Job.attempts + 1}
        session.execute(update(Job).where(Job.id == claimed).values(**lease))
    job_row = db.session.get(Job, claimed)
    if job_row is not None:
        db.session.expunge(job_row)
    db.session.rollback()
    return job_row


def renew(worker: str, at: datetime) -> None:
    """Prolong the leases of a worker that is still busy."""
    mine = (Job.state == JobState.RUNNING) & (Job.worker == worker)
    if db.session.execute(select(Job.id).where(mine).limit(1)).first():
        with writing() as session:
            session.execute(update(Job).where(mine).values(lease_until=at + LEASE))
    db.session.rollback()


def run_one(at: datetime, worker: str = "here") -> bool:
    """Claim and run one due job. False if none was due. Failures are retried with growing pauses."""
    claimed = _claim(at, worker)
    if claimed is None:
        return False
    work = work_of(claimed.name)
    try:
        if work is None:
            raise LookupError(f"no job is called {claimed.name}")
        work(json.loads(claimed.payload))
    except Exception as error:
        db.session.rollback()
        log.exception("job %s failed (attempt %d)", claimed.name, claimed.attempts)
        _put_back(claimed, error, now())
    else:
        db.session.rollback()
        with writing() as session:
            session.execute(delete(Job).where(Job.id == claimed.id, Job.worker == worker))
            if claimed.key is not None:  # what was given up of the same work is done with it
                session.execute(delete(Job).where(Job.key == claimed.key, Job.state == JobState.DEAD))
    return True


def _put_back(claimed: Job, error: Exception, at: datetime) -> None:
    reason = f"{type(error).__name__}: {error}"[:500]
    pause = timedelta(seconds=min(10 * 2 ** (claimed.attempts - 1), 3600))
    values: dict[str, Any] = {
        "state": JobState.WAITING,
        "run_at": at + pause,
        "lease_until": None,
        "last_error": reason,
    }
    if claimed.attempts >= MAX_ATTEMPTS or work_of(claimed.name) is None:
        values = {"state": JobState.DEAD, "lease_until": None, "last_error": reason}
    with writing() as session:
        twin = select(Job.id).where(Job.key == claimed.key, Job.state == JobState.WAITING)
        if claimed.key is not None and session.execute(twin).first():
            # The same work was asked for anew meanwhile: that one stands for both.
            session.execute(delete(Job).where(Job.id == claimed.id))
        else:
            session.execute(update(Job).where(Job.id == claimed.id).values(**values))


def again(job_id: int, *, actor: Actor, now: datetime) -> None:
    """Put a job that was given up back in the queue. Raises NotFound."""
    dead = (Job.id == job_id) & (Job.state == JobState.DEAD)
    found = db.session.execute(select(Job.name, Job.key).where(dead)).first()
    if found is None:
        raise NotFound(N_("That is not among the work that was given up any more."))
    twin = select(Job.id).where(Job.key == found.key, Job.state == JobState.WAITING)
    if found.key is not None and db.session.execute(twin).first():
        db.session.execute(delete(Job).where(dead))  # asked for anew meanwhile: that one stands for both
    else:
        waiting = {"state": JobState.WAITING, "attempts": 0, "run_at": now, "last_error": None}
        db.session.execute(update(Job).where(dead).values(**waiting))
    record("job.tried_again", ("job", job_id), actor=actor, now=now, changes={"work": found.name})
    after_commit(wake.set)


def run_due(at: datetime | None = None, *, limit: int = 1000) -> int:
    """Run everything that is due now, schedules included, and return how many jobs ran."""
    tick(at or now())
    done = 0
    while done < limit and run_one(at or now()):
        done += 1
    return done
