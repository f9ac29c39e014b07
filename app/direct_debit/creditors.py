"""Under which identifier and name of ours a bank knows a mandate: what changed since is told in each collection until
one succeeded (DOMAIN.md 1.3). It is read from the batches, so that nobody has to note a change."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.direct_debit.batch_models import DebitBatch, DebitItem
from app.direct_debit.models import Collection
from app.direct_debit.pain.pain008 import Creditor
from app.direct_debit.states import BatchState, CollectionState
from app.extensions import db

_SUCCEEDED = (CollectionState.COLLECTED, CollectionState.RETURNED)  # what was taken back was collected first


def was_ever_another(creditor_id: str, name: str | None) -> bool:
    """Whether any money ever came under another identifier or name. Nearly always not: nothing else is asked then."""
    booked = select(DebitBatch.id).where(DebitBatch.state == BatchState.BOOKED, _differs(creditor_id, name))
    return db.session.execute(booked.limit(1)).first() is not None


def creditors_before(
    mandate_ids: Sequence[int], batch_id: int, creditor_id: str, name: str | None
) -> dict[int, Creditor]:
    """By mandate, what of us was another when a collection by it last succeeded, in a batch other than this one."""
    newest = (
        select(func.max(DebitItem.id))
        .join(Collection, Collection.id == DebitItem.collection_id)
        .where(Collection.mandate_id.in_(mandate_ids), Collection.state.in_(_SUCCEEDED))
        .where(DebitItem.live, DebitItem.batch_id != batch_id)
        .group_by(Collection.mandate_id)
    )
    rows = db.session.execute(
        select(Collection.mandate_id, DebitBatch.creditor_id, DebitBatch.creditor_name)
        .select_from(DebitItem)
        .join(Collection, Collection.id == DebitItem.collection_id)
        .join(DebitBatch, DebitBatch.id == DebitItem.batch_id)
        .where(DebitItem.id.in_(newest), _differs(creditor_id, name))
    )
    return {
        row.mandate_id: Creditor(
            row.creditor_id if _identity(row.creditor_id) != _identity(creditor_id) else None,
            row.creditor_name if row.creditor_name != name else None,
        )
        for row in rows
    }


def _differs(creditor_id: str, name: str | None) -> ColumnElement[bool]:
    """The three signs of the business code are no part of who we are."""
    was = DebitBatch.creditor_id
    same = and_(func.substr(was, 1, 4) == creditor_id[:4], func.substr(was, 8) == creditor_id[7:])
    return or_(~same, and_(DebitBatch.creditor_name.is_not(None), DebitBatch.creditor_name != name))


def _identity(creditor_id: str) -> str:
    return creditor_id[:4] + creditor_id[7:]
