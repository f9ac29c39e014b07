"""What a commitment gives on a due day: the amounts it had, has and will have."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.gifts.recurring.models import Commitment, CommitmentAmount

_a = CommitmentAmount.__table__


def amount_on(due: Any, commitment_id: Any = None) -> Any:
    """The amount in force on a due day, as a scalar subquery on `Commitment`."""
    wanted = Commitment.id if commitment_id is None else commitment_id
    return (
        select(_a.c.cents)
        .where(_a.c.commitment_id == wanted, _a.c.from_on <= due)
        .order_by(_a.c.from_on.desc(), _a.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def next_amounts(ids: Iterable[int]) -> dict[int, int]:
    """What each of these commitments gives at its next instalment, in cents."""
    rows = db.session.execute(
        select(Commitment.id, amount_on(Commitment.next_on)).where(Commitment.id.in_(list(ids)))
    ).all()
    return {row[0]: row[1] for row in rows}


def amounts_of(commitment_id: int) -> list[tuple[date, int]]:
    """All amounts with the day from which they count, oldest first."""
    return amounts_of_many([commitment_id]).get(commitment_id, [])


def amounts_of_many(ids: Iterable[int]) -> dict[int, list[tuple[date, int]]]:
    """The same of many, in one statement."""
    found: dict[int, list[tuple[date, int]]] = {}
    mine = select(_a.c.commitment_id, _a.c.from_on, _a.c.cents).where(_a.c.commitment_id.in_(list(ids)))
    for commitment_id, from_on, cents in db.session.execute(mine.order_by(_a.c.from_on, _a.c.id)):
        found.setdefault(commitment_id, []).append((from_on, cents))
    return found
