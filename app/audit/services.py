"""Writing the trail, in the transaction of what it tells about."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import inspect

from app.audit.models import AuditEvent, AuditFresh
from app.base.actor import Actor
from app.base.ids import new_ids
from app.base.money import Money
from app.extensions.sql import insert_rows
from app.vault.services import seal_many_for

_UNTOLD = ("password", "token", "sealed", "hash", "_index")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One line of the trail: `action` like "grant.awarded", `subject` like ("grant_award", id)."""

    action: str
    subject: tuple[str, int]
    changes: dict[str, Any] | None = None
    person_id: int | None = None


def record(
    action: str,
    subject: tuple[str, int],
    *,
    actor: Actor,
    now: datetime,
    changes: dict[str, Any] | None = None,
    person_id: int | None = None,
) -> None:
    """Add one line. With `person_id` the changes are sealed by that person's key and end with it."""
    record_many([Trace(action=action, subject=subject, changes=changes, person_id=person_id)], actor=actor, now=now)


def record_many(traces: Iterable[Trace], *, actor: Actor, now: datetime) -> None:
    """Add many lines with a constant number of statements."""
    traces = list(traces)
    if not traces:
        return
    ids = new_ids(len(traces))
    texts = [_as_text(trace.changes) for trace in traces]
    personal = [
        (trace.person_id, text, f"audit:{row_id}")
        for trace, text, row_id in zip(traces, texts, ids, strict=True)
        if trace.person_id is not None and text is not None
    ]
    sealed = dict(zip((context for _, _, context in personal), seal_many_for(personal), strict=True))
    insert_rows(
        AuditEvent,
        [
            {
                "id": row_id,
                "at": now,
                "action": trace.action,
                "actor_kind": actor.kind,
                "actor_id": actor.id,
                "actor_label": actor.label[:80],
                "subject_type": trace.subject[0],
                "subject_id": trace.subject[1],
                "person_id": trace.person_id,
                "changes": text if trace.person_id is None else None,
                "changes_sealed": sealed.get(f"audit:{row_id}"),
            }
            for trace, text, row_id in zip(traces, texts, ids, strict=True)
        ],
    )
    insert_rows(AuditFresh, [{"id": row_id} for row_id in ids])


def changes_of(row: Any) -> dict[str, list[Any]]:
    """`{field: [old, new]}` of a changed ORM object, before it is flushed. Secrets are named, not told."""
    changes: dict[str, list[Any]] = {}
    for attribute in inspect(row).mapper.column_attrs:
        history = inspect(row).attrs[attribute.key].history
        if history.has_changes():
            old = history.deleted[0] if history.deleted else None
            new = history.added[0] if history.added else None
            if old != new:
                secret = any(part in attribute.key for part in _UNTOLD)
                changes[attribute.key] = ["…", "…"] if secret else [old, new]
    return changes


def _as_text(changes: dict[str, Any] | None) -> str | None:
    return _ENCODER.encode(changes) if changes else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, bytes):
        return "…"
    return str(value)


_ENCODER = json.JSONEncoder(default=_plain, ensure_ascii=False, sort_keys=True)
