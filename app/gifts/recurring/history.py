"""The history of commitments: one row for each change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert

from app.base.actor import Actor
from app.base.ids import new_id
from app.extensions import db
from app.gifts.recurring.models import CommitmentChange
from app.gifts.recurring.states import ChangeKind, CommitmentState


@dataclass(frozen=True, slots=True)
class Change:
    """What happened. `on_date` is the first day affected, `cents` the amount from then on."""

    commitment_id: int
    kind: ChangeKind
    before: CommitmentState | None
    after: CommitmentState
    on_date: date | None = None
    cents: int | None = None
    note: str = ""


def tell(changes: Sequence[Change], *, actor: Actor, now: datetime) -> None:
    """Write the history, inside `with writing():`."""
    rows = [
        {
            "id": new_id(), "commitment_id": c.commitment_id, "kind": c.kind, "before": c.before, "after": c.after,
            "on_date": c.on_date, "cents": c.cents, "note": c.note[:200],
            "staff_id": actor.id if actor.kind == "staff" else None, "by": (actor.label or actor.kind)[:80], "at": now,
        }
        for c in changes
    ]  # fmt: skip
    if rows:
        db.session.execute(insert(CommitmentChange.__table__), rows)
