"""Work that nobody does any more until somebody looks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from app.extensions import db
from app.jobs.models import Job, JobState


def given_up(limit: int = 200) -> Sequence[Job]:
    """The oldest jobs that failed too often, at most `limit`."""
    found = select(Job).where(Job.state == JobState.DEAD).order_by(Job.created_at, Job.id).limit(limit)
    return db.session.execute(found).scalars().all()


def count_given_up() -> int:
    return db.session.execute(select(func.count()).where(Job.state == JobState.DEAD)).scalar_one()
