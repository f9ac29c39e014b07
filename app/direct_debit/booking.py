"""The money of a batch comes in as one amount: its collections are collected, and rooms above make gifts of them.

The batch is booked in the caller's transaction; its collections follow 500 at a time, the first of
them in it, the rest by `finish` (the job `direct_debit.book`). Each is collected once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update

from app.base.actor import Actor, system
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.events import publish
from app.base.money import Money
from app.base.states import N_
from app.base.works import Payload, job
from app.direct_debit import batches, collections
from app.direct_debit.batch_models import DebitBatch, DebitItem, MandateAmendment
from app.direct_debit.events import CollectionsBooked
from app.direct_debit.models import Collection
from app.direct_debit.states import BATCH_MOVES, BatchState, CollectionState
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk
from app.jobs.services import enqueue

BOOKER = system("direct debit")
PIECE = 500
_C = CollectionState
SETTLED = (_C.SENT, _C.COLLECTED, _C.RETURNED)  # money that came, or comes, in the batch's amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Money of a batch on the bank account: by `reference` (PmtInfId), on the bank's booking day."""

    reference: str
    cents: int
    on: date


def find(reference: str) -> DebitBatch | None:
    """The batch with this PmtInfId; banks are not sure to keep the case."""
    return db.session.scalars(select(DebitBatch).where(DebitBatch.reference == reference.strip().upper())).one_or_none()


def expected_cents(batch_id: int) -> int:
    """What the bank will credit: the batch less what was refused before it."""
    return expected([batch_id])[batch_id]


def expected(batch_ids: Iterable[int]) -> dict[int, int]:
    """`expected_cents` of many, by batch."""
    ids = list(batch_ids)
    totals = (
        select(DebitItem.batch_id, func.sum(DebitItem.cents))
        .join(Collection, Collection.id == DebitItem.collection_id)
        .where(DebitItem.batch_id.in_(ids), DebitItem.live, Collection.state.in_(SETTLED))
        .group_by(DebitItem.batch_id)
    )
    found = {batch_id: int(cents) for batch_id, cents in db.session.execute(totals)}
    return {batch_id: found.get(batch_id, 0) for batch_id in ids}


def booked(credits: Sequence[Credit], *, actor: Actor, now: datetime) -> list[int]:
    """Book batches whose money came in, inside `with writing():`; ids of those for which that is news.

    Raises NotFound for an unknown reference, Refused where the batch is in no state to be booked or the amount
    is another than expected, Invalid for a day to come.
    """
    new = []
    for credit in credits:
        known = find(credit.reference)
        if known is None:
            raise NotFound(N_("There is no such batch."))
        batch = batches.locked(known.id)
        if credit.on > local_date(now):
            raise Invalid(N_("This day is still to come."), field="on")
        if batch.state is BatchState.BOOKED:
            if credit.on != batch.booked_on:
                raise Refused(N_("This batch was booked on %(day)s already."), day=batch.booked_on)
            continue
        BATCH_MOVES.check(batch.state, BatchState.BOOKED)
        if (wanted := expected_cents(batch.id)) != credit.cents:
            raise Refused(
                N_("The bank booked %(got)s, but this batch comes to %(wanted)s. Read in what it refused first."),
                got=Money(credit.cents), wanted=Money(wanted),
            )  # fmt: skip
        batch.booked_on, batch.busy = credit.on, True
        batches.move(batch, BatchState.BOOKED, actor=actor, now=now)
        if not _some(batch, actor, now):
            enqueue("direct_debit.book", {"batch_id": str(batch.id)}, now=now, key=f"direct debit:{batch.id}")
        new.append(batch.id)
    return new


@job("direct_debit.book")
def book(payload: Payload) -> None:
    """The rest of a large batch."""
    finish(int(payload["batch_id"]))


def finish(batch_id: int) -> None:
    """Book what is left of a booked batch. Opens its own transactions; may be stopped and started again."""
    while True:
        with writing_in_bulk():
            if _some(batches.locked(batch_id), BOOKER, now()):
                return


def collect(ids: Sequence[int], on: date, *, actor: Actor, now: datetime) -> list[int]:
    """The bank has the money of these collections; the ids of those for which that is news."""
    moved = collections.collected(ids, on, actor=actor, now=now)
    if moved:
        items = select(DebitItem.amendment_id).where(DebitItem.collection_id.in_(moved), DebitItem.live)
        told = update(MandateAmendment).where(MandateAmendment.id.in_(items), MandateAmendment.settled_at.is_(None))
        db.session.execute(told.values(settled_at=now), execution_options={"synchronize_session": False})
        publish(CollectionsBooked(ids=tuple(moved), on=on, actor=actor, at=now))
    return moved


def collect_apart(came: Sequence[tuple[int, date]], *, actor: Actor, now: datetime) -> None:
    """The bank credited these collections (id, day) one by one. A batch of which all came is booked with the last."""
    touched = _of([row_id for row_id, _ in came])
    for on in sorted({on for _, on in came}):
        collect([row_id for row_id, day in came if day == on], on, actor=actor, now=now)
    for batch in touched:
        _end(batch, max(on for _, on in came), actor, now)


def refuse(reasons: Mapping[int, str | None], *, actor: Actor, now: datetime) -> list[int]:
    """The bank refused these collections one by one; the ids of those for which that is news. A batch of which nothing
    is awaited any more is over: booked where the rest came apart, else refused."""
    touched = _of(list(reasons))
    moved = collections.move(reasons, _C.FAILED, actor=actor, now=now, reasons=reasons)
    for batch in touched:
        _end(batch, min(batch.collect_on, local_date(now)), actor, now)
    return moved


def _of(collection_ids: Sequence[int]) -> list[DebitBatch]:
    """The batches these are in, locked."""
    items = select(DebitItem.batch_id).where(DebitItem.collection_id.in_(collection_ids), DebitItem.live)
    return [batches.locked(batch_id) for batch_id in sorted(set(db.session.execute(items).scalars()))]


def _end(batch: DebitBatch, on: date, actor: Actor, now: datetime) -> None:
    states = (
        select(Collection.state)
        .join(DebitItem, DebitItem.collection_id == Collection.id)
        .where(DebitItem.batch_id == batch.id, DebitItem.live)
        .distinct()
    )
    seen = set(db.session.execute(states).scalars())
    to = BatchState.BOOKED if seen - {_C.FAILED} else BatchState.REFUSED
    if _C.SENT not in seen and BATCH_MOVES.allows(batch.state, to):
        batch.booked_on = on if to is BatchState.BOOKED else None
        batches.move(batch, to, actor=actor, now=now)


def _some(batch: DebitBatch, actor: Actor, at: datetime) -> bool:
    """Collect at most PIECE of them; whether that was the last."""
    if batch.state is not BatchState.BOOKED or batch.booked_on is None:
        return True
    waiting = (
        select(DebitItem.collection_id)
        .join(Collection, Collection.id == DebitItem.collection_id)
        .where(DebitItem.batch_id == batch.id, DebitItem.live, Collection.state == _C.SENT)
        .order_by(DebitItem.id)
        .limit(PIECE)
    )
    ids = list(db.session.execute(waiting).scalars())
    collect(ids, batch.booked_on, actor=actor, now=at)
    done = len(ids) < PIECE
    if done:
        batch.busy = False
    return done
