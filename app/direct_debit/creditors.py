"""Under which identifier and name of ours a bank knows a mandate: what changed since is told in each collection until
one succeeded (DOMAIN.md 1.3). It is read from the batches, so that nobody has to note a change."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.direct_debit.batch_models import DebitBatch, DebitItem
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.pain.pain008 import Creditor
from app.direct_debit.states import BatchState, CollectionState
from app.extensions import db

_SUCCEEDED = (CollectionState.COLLECTED, CollectionState.RETURNED)  # what was taken back was collected first


def was_ever_another(creditor_id: str, name: str | None) -> bool:
    """Whether any money ever came under another identifier or name, here or before it came here. Nearly always not:
    nothing else is asked then."""
    booked = select(DebitBatch.id).where(DebitBatch.state == BatchState.BOOKED, _differs(creditor_id, name))
    elsewhere = select(Mandate.id).where(Mandate.creditor_before.is_not(None))
    return any(db.session.execute(found.limit(1)).first() is not None for found in (booked, elsewhere))


def creditors_before(
    mandate_ids: Sequence[int], batch_id: int, creditor_id: str, name: str | None
) -> dict[int, Creditor]:
    """By mandate, what of us was another when a collection by it last succeeded, in a batch other than this one, or
    else before it came here."""
    newest = (
        select(Collection.mandate_id, func.max(DebitItem.id).label("item_id"))
        .join(Collection, Collection.id == DebitItem.collection_id)
        .where(Collection.mandate_id.in_(mandate_ids), Collection.state.in_(_SUCCEEDED))
        .where(DebitItem.live, DebitItem.batch_id != batch_id)
        .group_by(Collection.mandate_id)
        .subquery()
    )
    seen = select(newest.c.mandate_id)
    brought = select(Mandate.id, Mandate.creditor_before).where(
        Mandate.id.in_(mandate_ids), Mandate.creditor_before.is_not(None), Mandate.id.not_in(seen)
    )
    before = {
        row.id: Creditor(row.creditor_before, None)
        for row in db.session.execute(brought)
        if _identity(row.creditor_before) != _identity(creditor_id)
    }
    rows = db.session.execute(
        select(Collection.mandate_id, DebitBatch.creditor_id, DebitBatch.creditor_name)
        .select_from(DebitItem)
        .join(Collection, Collection.id == DebitItem.collection_id)
        .join(DebitBatch, DebitBatch.id == DebitItem.batch_id)
        .where(DebitItem.id.in_(select(newest.c.item_id)), _differs(creditor_id, name))
    )
    return before | {
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
