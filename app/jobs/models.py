"""Jobs that wait, schedules that recur, and workers that are alive."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, state_column, text_column
from app.base.states import N_, Labelled
from app.extensions import db


class JobState(Labelled):
    WAITING = "waiting", N_("Waiting")
    RUNNING = "running", N_("Running")
    DEAD = "dead", N_("Given up")


class Job(db.Model):
    """One piece of work. A finished job is removed; one given up stays until somebody looks.

    `key` makes work unique while it waits: enqueued again, it runs once.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_due", "state", "run_at"),
        Index(
            "uq_job_waiting_key", "key", unique=True,
            sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = id_column()
    name: Mapped[str] = text_column(80)
    key: Mapped[str | None] = text_column(200, nullable=True)
    payload: Mapped[str] = text_column(None)
    state: Mapped[JobState] = state_column(JobState, default=JobState.WAITING)
    run_at: Mapped[datetime] = instant_column()
    lease_until: Mapped[datetime | None] = instant_column(nullable=True)
    worker: Mapped[str | None] = text_column(80, nullable=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0, nullable=False)
    last_error: Mapped[str | None] = text_column(500, nullable=True)
    created_at: Mapped[datetime] = instant_column()


class Schedule(db.Model):
    """The last occurrence of a periodic job that was enqueued; a clock set back repeats nothing."""

    __tablename__ = "schedule"

    id: Mapped[int] = id_column()
    name: Mapped[str] = text_column(80)
    last_slot: Mapped[datetime] = instant_column()


class Worker(db.Model):
    """A worker's heartbeat, for /healthz."""

    __tablename__ = "worker"

    id: Mapped[int] = id_column()
    name: Mapped[str] = text_column(80)
    seen_at: Mapped[datetime] = instant_column()
