"""A task that a template made for a record follows the deadline of that record."""

from __future__ import annotations

from datetime import date, datetime

from app.base.business_days import business_day_on_or_after
from app.base.dates import local_date
from app.tasks import queries
from app.tasks.chains import Distance
from app.tasks.models import Task


def counted_from(task: Task) -> date:
    """The deadline that a task of a template was counted back from last."""
    return date.fromisoformat((task.source_key or "").split(":")[-2])


def follow(task: Task, deadline: date, distance: Distance, *, now: datetime) -> date:
    """Count the task from this deadline; gives its day: today at the earliest, but never after the deadline."""
    *_start, template, kind, subject_id, _old, place = (task.source_key or "").split(":")
    # So that using the template for the new deadline makes nothing twice.
    key = f"template:{template}:{kind}:{subject_id}:{deadline.isoformat()}:{place}"
    if queries.by_source(key) is None:
        task.source_key = key
    return max(distance.day(deadline), min(business_day_on_or_after(local_date(now)), deadline))
