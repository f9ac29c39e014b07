"""The history of gifts: one row for each change, beside its line in the trail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from app.audit import services as audit
from app.base.actor import Actor
from app.base.ids import new_id
from app.extensions.sql import insert_rows
from app.gifts.models import GiftState, GiftStep


class Step:
    """A change of a gift, for its history."""

    def __init__(
        self, gift: Any, after: GiftState, on: date, cents: int | None, bank_reference: str | None = None,
        before: GiftState | None = None, step_id: int | None = None,
    ) -> None:  # fmt: skip
        self.id = step_id or new_id()
        self.gift_id: int = gift.id
        self.before: GiftState = before or gift.state
        self.after = after
        self.on = on
        self.cents = cents
        self.bank_reference = bank_reference


def tell(action: str, steps: Sequence[Step], actor: Actor, now: datetime) -> None:
    """Write the history and the trail."""
    if not steps:
        return
    staff_id = actor.id if actor.kind == "staff" else None
    rows = [
        {
            "id": s.id, "gift_id": s.gift_id, "before": s.before, "after": s.after, "on_date": s.on, "cents": s.cents,
            "bank_reference": s.bank_reference, "staff_id": staff_id, "at": now,
        }
        for s in steps
    ]  # fmt: skip
    insert_rows(GiftStep, rows)
    audit.record_many(
        [
            audit.Trace(
                action=action,
                subject=("gift", s.gift_id),
                changes={"state": [s.before.value, s.after.value], "cents": [None, s.cents]},
            )
            for s in steps
        ],
        actor=actor,
        now=now,
    )


def note_references(entered: Iterable[tuple[int, date, int, str | None]], actor: Actor, now: datetime) -> None:
    """What the bank said of gifts that were entered by hand: (gift, day, cents, reference)."""
    rows = [
        {
            "id": new_id(), "gift_id": gift_id, "before": GiftState.RECEIVED, "after": GiftState.RECEIVED,
            "on_date": on, "cents": cents, "bank_reference": reference,
            "staff_id": actor.id if actor.kind == "staff" else None, "at": now,
        }
        for gift_id, on, cents, reference in entered
        if reference
    ]  # fmt: skip
    insert_rows(GiftStep, rows)
