"""Filling a batch with what is due, and freeing what a cancelled one held: in bounded pieces, resumable.

What may not be collected is kept beside the batch with its reason. Two batches built at once cannot
take the same collection: the unique index of live items gives it to one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import exists, func, select, tuple_, update

from app.base.actor import Actor, system
from app.base.ids import new_ids
from app.base.states import N_
from app.base.works import Payload, periodic
from app.direct_debit import batches, booking, collections
from app.direct_debit.batch_models import DebitBatch, DebitItem
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.obstacles import candidates, look_at, too_soon
from app.direct_debit.pain.pain008 import SequenceType
from app.direct_debit.states import BatchState, CollectionState, LeftOut, MandateKind
from app.extensions import db, now
from app.extensions.sql import insert_new
from app.extensions.transactions import writing_in_bulk

BUILDER = system("direct debit")
PIECE = 500
Bounded = Callable[[], AbstractContextManager[Any]]
Planner = Callable[[date, Bounded], object]
_planners: list[Planner] = []
NOTHING = N_("There was nothing to collect.")
_QUIETLY = {"synchronize_session": False}


def planner(plan: Planner) -> Planner:
    """Register what plans collections that fall due up to and including a day, in transactions of its own."""
    if plan not in _planners:
        _planners.append(plan)
    return plan


def plan_ahead(on: date, *, bounded: Bounded = writing_in_bulk) -> None:
    """Plan what falls due until this day and is not planned yet, so that no batch leaves it out in silence."""
    for plan in _planners:
        plan(on, bounded)


def fill(batch_id: int, *, actor: Actor = BUILDER, bounded: Bounded = writing_in_bulk) -> BatchState:
    """Take what is due up to the batch's day; the state it ends in (cancelled where nothing is due). Opens its own
    transactions; may be stopped and started again, also by two at once."""
    batch = batches.load(batch_id)
    on, state, once = batch.collect_on, batch.state, batch.sequence is SequenceType.OOFF
    db.session.rollback()
    if state is not BatchState.BUILDING:
        return state
    plan_ahead(on, bounded=bounded)
    for rows in _pieces(on, once):
        left_out = look_at(rows, on, accounts=True)
        left_out |= too_soon([row for row in rows if row.id not in left_out], on)
        db.session.rollback()
        with bounded():
            if batches.locked(batch_id).state is not BatchState.BUILDING:
                break
            _take(batch_id, rows, left_out)
    with bounded():
        batch = batches.locked(batch_id)
        if batch.state is BatchState.BUILDING:
            batch.count, batch.cents = totals(batch_id)
            batch.busy = False
            to = BatchState.BUILT if batch.count else BatchState.CANCELED
            batches.move(batch, to, actor=actor, now=now(), note="" if batch.count else NOTHING)
        return batch.state


def totals(batch_id: int) -> tuple[int, int]:
    """Number and sum of what is in the batch."""
    total = func.coalesce(func.sum(DebitItem.cents), 0)
    row = db.session.execute(select(func.count(), total).where(DebitItem.batch_id == batch_id, DebitItem.live)).one()
    return int(row[0]), int(row[1])


def release(batch_id: int, *, bounded: Bounded = writing_in_bulk) -> None:
    """Free what a cancelled batch held: planned again, for the next batch. Opens its own transactions."""
    while True:
        with bounded():
            batch = batches.locked(batch_id)
            if batch.state is not BatchState.CANCELED:
                return
            held = select(DebitItem.id, DebitItem.collection_id).where(DebitItem.batch_id == batch_id, DebitItem.live)
            items = db.session.execute(held.order_by(DebitItem.id).limit(PIECE)).all()
            collections.move(
                [item.collection_id for item in items], CollectionState.PLANNED, actor=BUILDER, now=now(),
                note="batch cancelled",
            )  # fmt: skip
            drop = update(DebitItem).where(DebitItem.id.in_([item.id for item in items])).values(live=False)
            db.session.execute(drop, execution_options=_QUIETLY)
            if len(items) < PIECE:
                batch.busy = False
                return


@periodic("direct_debit.go_on", every=timedelta(minutes=5))
def go_on(_: Payload) -> None:
    """Finish what was broken off: batches half built, half booked or half freed."""
    rows = db.session.execute(select(DebitBatch.id, DebitBatch.state).where(DebitBatch.busy)).all()
    db.session.rollback()
    for row in rows:
        if row.state is BatchState.BUILDING:
            fill(row.id)
        elif row.state is BatchState.CANCELED:
            release(row.id)
        elif row.state is BatchState.BOOKED:
            booking.finish(row.id)


def _pieces(on: date, once: bool) -> Iterator[Sequence[Any]]:
    """What is due by our own mandates, those for one collection or the others, and in no batch; oldest first."""
    taken = exists().where(DebitItem.collection_id == Collection.id, DebitItem.live)
    place: tuple[date, int] | None = None
    while True:
        due = candidates().add_columns(Collection.collect_on, Collection.attempt).where(
            Collection.state == CollectionState.PLANNED, Collection.collect_on <= on,
            Mandate.kind == MandateKind.OWN, Mandate.once.is_(once), ~taken,
        )  # fmt: skip
        if place is not None:
            due = due.where(tuple_(Collection.collect_on, Collection.id) > place)
        rows = db.session.execute(due.order_by(Collection.collect_on, Collection.id).limit(PIECE)).all()
        if rows:
            yield rows
        if len(rows) < PIECE:
            return
        place = (rows[-1].collect_on, rows[-1].id)


def _take(batch_id: int, rows: Sequence[Any], left_out: dict[int, LeftOut]) -> None:
    items = [
        {
            "id": item_id, "batch_id": batch_id, "collection_id": row.id, "cents": row.amount_cents,
            "live": row.id not in left_out, "left_out": left_out.get(row.id), "iban_lookup": row.iban_lookup,
        }
        for item_id, row in zip(new_ids(len(rows)), rows, strict=True)
    ]  # fmt: skip
    db.session.execute(insert_new(DebitItem), items)
