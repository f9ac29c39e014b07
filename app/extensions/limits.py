"""Rate limits counted in the database, right with many threads and processes.

Each call is a short write transaction of its own (`writing_apart`), so it must come before
`with writing():`. What cannot be counted raises: whoever relies on a limit fails closed.
Keys (addresses, e-mail) are stored as keyed hashes only.

    limits.hit("donation", limits.visitor(), 20, 600)      # raises TooMany at the 21st in any 10 minutes
    limits.delay("sign-in", email)                         # growing waits after a few failures
    limits.forget("sign-in", email)                        # it was the right person after all

A window is counted in ten slices and one more, so that no span of `window_seconds` ever holds
more than `limit`, also across a boundary; a place comes free up to a tenth of the window late.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from functools import cache
from ipaddress import IPv6Address, IPv6Network

from flask import request
from sqlalchemy import Connection, Select, bindparam, delete, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped

from app.base.columns import id_column, instant_column, text_column
from app.base.errors import TooMany
from app.base.states import N_
from app.extensions import db, now, settings
from app.extensions.transactions import writing_apart

SLICES = 10
MESSAGE = N_("Too many attempts. Wait a moment and try again.")


class RateCount(db.Model):
    """How often something happened in one slice of time, or in a row (delays)."""

    __tablename__ = "rate_count"

    id: Mapped[int] = id_column()
    key: Mapped[str] = text_column(64, unique=True)
    times: Mapped[int]
    not_before: Mapped[datetime | None] = instant_column(nullable=True)
    expires_at: Mapped[datetime] = instant_column(index=True)


_table = RateCount.__table__


@cache
def _counts(places: int) -> Select[tuple[int, ...]]:
    """What so many spans of keys count, `oldest0` up to `newest0` first. Built once: a donor waits for it."""
    spans = (_table.c.key.between(bindparam(f"oldest{n}"), bindparam(f"newest{n}")) for n in range(places))
    return select(*(select(func.coalesce(func.sum(_table.c.times), 0)).where(span).scalar_subquery() for span in spans))


def visitor() -> str:
    """Whom to count for this request, by the address of the connection or of what a trusted proxy told."""
    return network(request.remote_addr or "")


def network(address: str) -> str:
    """Of an IPv6 address the /64 network: whoever has one address there has 18 quintillion of them. IPv4 as it is."""
    if ":" not in address:
        return address
    try:
        whole = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(whole.ipv4_mapped or IPv6Network((int(whole) >> 64 << 64, 64)))


def hit(bucket: str, key: str, limit: int, window_seconds: int) -> None:
    """Count one; raise TooMany, uncounted, if `limit` were reached within the last `window_seconds`."""
    at = now()
    span = _span(bucket, key, window_seconds, at)
    with writing_apart() as connection:
        _alone(connection, span[1])
        if _sums(connection, [span])[0] >= limit:
            raise _too_many(max(window_seconds // SLICES, 1))
        _add(connection, span[1], at + timedelta(seconds=window_seconds * 2))


def failures(bucket: str, key: str, window_seconds: int) -> int:
    """How many were counted within the last `window_seconds`."""
    with db.engine.connect() as connection:
        return failures_of([(bucket, key)], window_seconds, connection)[0]


def failures_of(pairs: list[tuple[str, str]], window_seconds: int, connection: Connection) -> list[int]:
    """`failures` of several (bucket, key) pairs with one statement, on the connection of the caller."""
    at = now()
    return _sums(connection, [_span(bucket, key, window_seconds, at) for bucket, key in pairs])


def check(bucket: str, key: str, limit: int, window_seconds: int) -> None:
    """Raise TooMany if `limit` is reached; count nothing."""
    if failures(bucket, key, window_seconds) >= limit:
        raise _too_many(max(window_seconds // SLICES, 1))


def delay(bucket: str, key: str, *, free: int = 5, first: int = 30, most: int = 900) -> None:
    """Count one attempt; after `free` of them in a row each next one waits longer.

    The wait starts at `first` seconds, doubles, and never exceeds `most`: nobody is locked out
    for good. Raises TooMany, uncounted, before the wait is over. A quiet day clears the count.
    """
    at = now()
    row_key = _hashed("delay", bucket, key)
    with writing_apart() as connection:
        _alone(connection, row_key)
        row = connection.execute(
            select(_table.c.times, _table.c.not_before).where(_table.c.key == row_key, _table.c.expires_at > at)
        ).first()
        if row and row.not_before and row.not_before > at:
            raise _too_many(int((row.not_before - at).total_seconds()) + 1)
        count = row.times + 1 if row else 1
        wait = min(first * 2 ** min(count - free, 20), most) if count >= free else 0
        values = {
            "times": count,
            "not_before": at + timedelta(seconds=wait),
            "expires_at": at + timedelta(days=1),
        }
        insert = (postgresql if _is_postgresql(connection) else sqlite).insert(_table).values(key=row_key, **values)
        connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=values))


def forget(bucket: str, key: str, window_seconds: int | None = None) -> None:
    """Clear the count of a window, or without one the waits of `delay`."""
    delayed = _hashed("delay", bucket, key)
    span = (delayed, delayed) if window_seconds is None else _span(bucket, key, window_seconds, now())
    with writing_apart() as connection:
        connection.execute(delete(_table).where(_table.c.key.between(*span)))


def forget_expired(at: datetime, most: int = 1000) -> int:
    """Delete up to `most` counts that no longer matter; how many went."""
    with writing_apart() as connection:
        ids = connection.execute(select(_table.c.id).where(_table.c.expires_at < at).limit(most)).scalars().all()
        connection.execute(delete(_table).where(_table.c.id.in_(ids)))
    return len(ids)


def _too_many(seconds: int) -> TooMany:
    error = TooMany(MESSAGE)
    error.retry_after = seconds
    return error


def _hashed(*parts: str | int) -> str:
    text_of = "\0".join(str(part) for part in parts)
    return hmac.digest(settings().secret_key.encode(), f"limits\0{text_of}".encode(), "sha256").hex()


def _span(bucket: str, key: str, window_seconds: int, at: datetime) -> tuple[str, str]:
    """The row keys of the oldest slice that may still count and of the running one: a hash of who and what, and the
    slice's number, so that all between them are theirs."""
    current = int(at.timestamp() * SLICES // window_seconds)
    whose = _hashed(bucket, key, window_seconds)[:48]
    return f"{whose}{current - SLICES:016x}", f"{whose}{current:016x}"


def _sums(connection: Connection, spans: list[tuple[str, str]]) -> list[int]:
    told: dict[str, str] = {}
    for n, (oldest, newest) in enumerate(spans):
        told |= {f"oldest{n}": oldest, f"newest{n}": newest}
    return [int(times) for times in connection.execute(_counts(len(spans)), told).one()]


def _add(connection: Connection, key: str, expires_at: datetime) -> None:
    insert = postgresql.insert(_table) if _is_postgresql(connection) else sqlite.insert(_table)
    connection.execute(
        insert.values(key=key, times=1, expires_at=expires_at).on_conflict_do_update(
            index_elements=["key"], set_={"times": _table.c.times + 1}
        )
    )


def _alone(connection: Connection, row_key: str) -> None:
    """One at a time for this key: SQLite's write lock already sees to it, PostgreSQL is asked to."""
    if _is_postgresql(connection):
        number = int(row_key[:15], 16)
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
