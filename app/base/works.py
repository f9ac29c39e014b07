"""Which jobs there are and when the periodic ones run. Rooms of any floor register theirs at import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from app.base.dates import AMSTERDAM

Payload = dict[str, Any]
Work = Callable[[Payload], None]


@dataclass(frozen=True, slots=True)
class Periodic:
    name: str
    every: timedelta | None
    daily_at: time | None

    def slot(self, now: datetime) -> datetime:
        """The latest occurrence at or before `now` (UTC). Daily ones follow the Amsterdam wall clock."""
        if self.every is not None:
            step = int(self.every.total_seconds())
            return datetime.fromtimestamp(int(now.timestamp()) // step * step, UTC)
        assert self.daily_at is not None
        local = now.astimezone(AMSTERDAM)
        today = datetime.combine(local.date(), self.daily_at, AMSTERDAM).astimezone(UTC)
        if today <= now:
            return today
        yesterday = local.date() - timedelta(days=1)
        return datetime.combine(yesterday, self.daily_at, AMSTERDAM).astimezone(UTC)


_works: dict[str, Work] = {}
_periodics: dict[str, Periodic] = {}


def job(name: str) -> Callable[[Work], Work]:
    """Register a job. It runs in an application context with no transaction open, and may run
    twice (a worker that died is replaced), so it must be idempotent."""

    def register(work: Work) -> Work:
        _works[name] = work
        return work

    return register


def periodic(name: str, *, every: timedelta | None = None, daily_at: str | None = None) -> Callable[[Work], Work]:
    """Register a job that recurs: ``every=timedelta(minutes=5)`` or ``daily_at="06:30"`` (Amsterdam)."""
    if (every is None) == (daily_at is None):
        raise ValueError("give either every or daily_at")

    def register(work: Work) -> Work:
        at = time.fromisoformat(daily_at) if daily_at else None
        _periodics[name] = Periodic(name, every, at)
        return job(name)(work)

    return register


def work_of(name: str) -> Work | None:
    return _works.get(name)


def periodics() -> list[Periodic]:
    return list(_periodics.values())
