"""Which instalments are held by a condition that is not met: their own, or one of the whole grant."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select

from app.extensions import db
from app.grants.conditions.models import Condition, ConditionKind
from app.grants.instalments.models import Instalment

_HOLDS = (Condition.kind == ConditionKind.PRECEDENT) & Condition.met_on.is_(None) & Condition.removed_at.is_(None)

# In a statement about instalments: the instalment of the row is held.
IS_HELD: ColumnElement[bool] = (
    select(Condition.id)
    .where(
        _HOLDS,
        Condition.grant_id == Instalment.grant_id,
        or_(Condition.instalment_id.is_(None), Condition.instalment_id == Instalment.id),
    )
    .exists()
)


def is_held(instalment_id: int | None, grant_id: int | None = None) -> bool:
    """Whether this instalment is held; one that is not stored yet, by the conditions of its grant."""
    if instalment_id is not None and grant_id is None:
        chosen = select(Instalment.id).where(Instalment.id == instalment_id, IS_HELD)
        return db.session.execute(chosen).first() is not None
    mine: ColumnElement[bool] = Condition.instalment_id.is_(None)
    if instalment_id is not None:
        mine = or_(mine, Condition.instalment_id == instalment_id)
    chosen = select(Condition.id).where(_HOLDS, Condition.grant_id == grant_id, mine)
    return db.session.execute(chosen.limit(1)).first() is not None
