"""Reading the trail: by subject, by person, or all of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from app.audit.models import AuditEvent
from app.extensions import db
from app.vault.services import unseal_many_for


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One line as people read it; `changes` is None where nothing was told or the person was erased."""

    id: int
    at: datetime
    action: str
    actor_kind: str
    actor_id: int | None
    actor_label: str
    subject: tuple[str, int]
    changes: dict[str, Any] | None


def trail(subject_type: str, subject_id: int, *, limit: int = 50, before: int | None = None) -> list[TrailLine]:
    """The newest lines about one row. `before` is the id to page on from."""
    about = (AuditEvent.subject_type == subject_type) & (AuditEvent.subject_id == subject_id)
    return _read(select(AuditEvent).where(about), limit, before)


def search(
    *,
    action: str | None = None,
    actor_id: int | None = None,
    subject_type: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    before: int | None = None,
) -> list[TrailLine]:
    """The newest lines that match; `action` may be a beginning ("grant.")."""
    query = select(AuditEvent)
    if action:
        query = query.where(AuditEvent.action >= action, AuditEvent.action < action + "\uffff")
    if actor_id is not None:
        query = query.where(AuditEvent.actor_id == actor_id)
    if subject_type:
        query = query.where(AuditEvent.subject_type == subject_type)
    if since:
        query = query.where(AuditEvent.at >= since)
    if until:
        query = query.where(AuditEvent.at < until)
    return _read(query, limit, before)


def _read(query: Select[AuditEvent], limit: int, before: int | None) -> list[TrailLine]:
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return lines(list(db.session.execute(query.order_by(AuditEvent.id.desc()).limit(limit)).scalars()))


def lines(events: list[AuditEvent]) -> list[TrailLine]:
    """Events as people read them, with one more statement for the keys of people they tell about."""
    sealed = [(e.person_id, e.changes_sealed, f"audit:{e.id}") for e in events if e.person_id and e.changes_sealed]
    opened = dict(zip((context for _, _, context in sealed), unseal_many_for(sealed), strict=True))
    return [
        TrailLine(
            id=e.id,
            at=e.at,
            action=e.action,
            actor_kind=e.actor_kind,
            actor_id=e.actor_id,
            actor_label=e.actor_label,
            subject=(e.subject_type, e.subject_id),
            changes=json.loads(text) if (text := e.changes or opened.get(f"audit:{e.id}")) else None,
        )
        for e in events
    ]
