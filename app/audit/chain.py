"""Sealing the trail in a chain of hashes, and checking the chain.

Seals are rows of their own, made by a job over the fresh events, so that chaining never makes
donors wait for each other. The head of the chain leaves the database each day (a file beside
it, and the log): without it, a tail cut off together with its seals could not be seen.
"""

from __future__ import annotations

import hashlib
import logging
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select

from app.audit.models import AuditEvent, AuditFresh, AuditSeal
from app.base.works import Payload, periodic
from app.extensions import db, now, settings
from app.extensions.transactions import writing_in_bulk

_BATCH = 500
_COLUMNS = list(AuditEvent.__table__.columns)
log = logging.getLogger("app.audit.head")  # not blotted out: for nothing but the head


def _bytes_of(row: object) -> bytes:
    parts = []
    for column in _COLUMNS:
        value = getattr(row, column.name)
        if isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat()
        data = b"" if value is None else value if isinstance(value, bytes) else str(value).encode()
        parts.append(struct.pack(">i", -1 if value is None else len(data)) + data)
    return b"".join(parts)


def _hash(previous: bytes, number: int, event_ids: bytes, rows: list[object]) -> bytes:
    digest = hashlib.sha256(previous + struct.pack(">q", number) + event_ids)
    for row in rows:
        digest.update(_bytes_of(row))
    return digest.digest()


def _rows(ids: list[int]) -> list[object]:
    found = {row.id: row for row in db.session.execute(select(*_COLUMNS).where(AuditEvent.id.in_(ids)))}
    return [found[i] for i in ids if i in found]


def _last_seal() -> tuple[int, bytes]:
    last = db.session.execute(
        select(AuditSeal.number, AuditSeal.hash).order_by(AuditSeal.number.desc()).limit(1)
    ).first()
    return (last[0], last[1]) if last else (0, bytes(32))


def seal_fresh() -> int:
    """Seal the events that no seal covers, in small batches; returns how many."""
    sealed = 0
    while True:
        with writing_in_bulk() as session:
            ids = list(session.execute(select(AuditFresh.id).order_by(AuditFresh.id).limit(_BATCH)).scalars())
            if not ids:
                return sealed
            number, previous = _last_seal()
            packed = struct.pack(f">{len(ids)}q", *ids)
            digest = _hash(previous, number + 1, packed, _rows(ids))
            # Two sealers at once meet the unique number; the second rolls back and tries again later.
            session.add(AuditSeal(number=number + 1, at=now(), event_ids=packed, hash=digest))
            session.execute(delete(AuditFresh).where(AuditFresh.id.in_(ids)))
        sealed += len(ids)


@periodic("audit.seal", every=timedelta(minutes=5))
def seal_job(payload: Payload) -> None:
    seal_fresh()


@periodic("audit.publish_head", daily_at="02:10")
def publish_head(payload: Payload) -> None:
    """Write the head of the chain outside the database."""
    seal_fresh()
    number, head = _last_seal()
    db.session.rollback()
    line = f"{now().isoformat(timespec='seconds')} {number} {head.hex()}\n"
    with open(settings().data_dir / "audit-heads.log", "a", encoding="ascii") as file:
        file.write(line)
    log.info("audit chain head: seal %d %s", number, head.hex())


def verify() -> Iterator[str]:
    """Every fault found, in words; nothing where the trail is whole."""
    previous, expected, covered = bytes(32), 1, 0
    heads = _published_heads()
    seals = db.session.execute(select(AuditSeal.number, AuditSeal.event_ids, AuditSeal.hash).order_by(AuditSeal.number))
    for number, packed, digest in seals.all():
        if number != expected:
            yield f"seal {expected} is missing"
        ids = list(struct.unpack(f">{len(packed) // 8}q", packed))
        rows = _rows(ids)
        if len(rows) != len(ids):
            yield f"seal {number}: {len(ids) - len(rows)} of its {len(ids)} events are gone"
        elif _hash(previous, number, packed, rows) != digest:
            yield f"seal {number}: an event, their order or the seal itself was changed"
        if number in heads and heads[number] != digest.hex():
            yield f"seal {number} differs from the head written down outside the database"
        previous, expected, covered = digest, number + 1, covered + len(ids)
    if heads and max(heads) >= expected:
        yield f"the chain ends at seal {expected - 1}, but seal {max(heads)} was written down outside the database"
    total = db.session.execute(select(func.count()).select_from(AuditEvent)).scalar() or 0
    fresh = db.session.execute(select(func.count()).select_from(AuditFresh)).scalar() or 0
    if total != covered + fresh:
        yield f"{total} events, but {covered} are sealed and {fresh} wait for a seal"
    db.session.rollback()


def _published_heads() -> dict[int, str]:
    try:
        lines = (settings().data_dir / "audit-heads.log").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return {}
    parts = [line.split() for line in lines if line.strip()]
    return {int(number): head for _, number, head in parts if int(number)}
