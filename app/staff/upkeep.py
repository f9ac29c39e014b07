"""What the worker tidies: old sessions and counts that no longer limit anybody."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, select

from app.base.works import Payload, periodic
from app.extensions import limits, now, once
from app.extensions.transactions import writing_in_bulk
from app.staff.models import StaffSession

KEEP = timedelta(days=30)


@periodic("staff.forget_sessions", daily_at="03:50")
def forget_sessions(payload: Payload) -> None:
    """Sessions that ended, or were last used, more than thirty days ago."""
    before = now() - KEEP
    over = or_(StaffSession.ended_at < before, StaffSession.last_seen_at < before)
    while True:
        with writing_in_bulk() as session:
            ids = list(session.scalars(select(StaffSession.id).where(over).limit(500)))
            session.execute(delete(StaffSession).where(StaffSession.id.in_(ids)))
        if len(ids) < 500:
            return


@periodic("limits.forget", every=timedelta(hours=1))
def forget_limits(payload: Payload) -> None:
    """Rate counts whose time is over."""
    while limits.forget_expired(now()) == 1000:
        pass


@periodic("sent_forms.forget", every=timedelta(hours=1))
def forget_sent_forms(payload: Payload) -> None:
    """Which forms were sent more than a day ago."""
    while once.forget(now()) == 1000:
        pass
