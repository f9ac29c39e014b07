"""History rows: each change of state of an application, grant, instalment or obligation.

The audit trail says who changed what; these rows answer "since when is it in this state", which
lists and forecasts ask in set-based SQL.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.base.actor import Actor
from app.base.columns import Big, id_column, instant_column, text_column
from app.base.states import Labelled

NOTE_LENGTH = 2000


class Move:
    """Columns of a history row; `from_state` is empty for the first one."""

    id: Mapped[int] = id_column()
    from_state: Mapped[str | None] = text_column(40, nullable=True)
    to_state: Mapped[str] = text_column(40)
    at: Mapped[datetime] = instant_column()
    actor_kind: Mapped[str] = text_column(20)
    actor_id: Mapped[int | None] = mapped_column(Big, nullable=True)  # a staff id; kept when staff leave
    note: Mapped[str] = text_column(NOTE_LENGTH, default="")


def facts(
    before: Labelled | None, after: Labelled, *, actor: Actor, now: datetime, note: str = ""
) -> dict[str, object]:
    """The columns of a history row, for an ORM object or a bulk insert."""
    return {
        "from_state": before.value if before else None,
        "to_state": after.value,
        "at": now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "note": note,
    }
