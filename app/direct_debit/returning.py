"""What banks tell of collections that did not succeed: refused before the money came, or taken back after it.

Whoever reads a pain.002, or a line of a bank statement, calls `returned` inside `with writing():`.
Each telling enters once by its key, and each collection goes wrong once however many tell of it.
What follows by the reason (try again, hold, stop, a mail) is the plan of reasons.py, carried out
by the room of commitments. What cannot be placed is parked for people; nothing of it is booked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, select, update

from app.base.actor import Actor
from app.base.dates import month_start
from app.base.errors import NotFound
from app.base.events import publish
from app.base.ids import new_id
from app.base.references import id_of
from app.base.states import N_
from app.direct_debit import booking, collections
from app.direct_debit.batch_models import DebitBatch, DebitItem, DebitReturn
from app.direct_debit.events import CollectionsTakenBack, CollectionsWentWrong
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.states import CollectionState, MandateKind, ReturnState
from app.extensions import db
from app.extensions.sql import insert_new
from app.ledger.queries import closed_months

_C = CollectionState
_QUIETLY = {"synchronize_session": False}
UNKNOWN = N_("No collection of ours has this reference.")
OTHER_MANDATE = N_("The mandate is another than that of the collection.")
OTHER_AMOUNT = N_("The amount is another than that of the collection.")
NOT_SENT = N_("This collection is in no file that was sent.")
BOOKED = N_("The bank refused it, but its money is booked as received. Look at the statement.")
REFUSED = N_("It was refused before it was collected, and now money went out for it. Look at the statement.")
CLOSED = N_("The month in which it was booked is closed. Reopen it, then try again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One telling. `key` is the same when it is told again (a file's hash and place, a bank line's id).

    `settled`: money went out of our account on `on`; else the bank refused it before it came. References that are
    not given are empty; `cents` is positive.
    """

    key: str
    source: str
    on: date
    settled: bool
    code: str | None
    cents: int | None = None
    end_to_end: str = ""
    mandate: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a telling; `why` (a msgid) says why it is parked."""

    key: str
    state: ReturnState
    collection_id: int | None
    why: str = ""


def returned(told: Sequence[Told], *, actor: Actor, now: datetime) -> list[Outcome]:
    """Deal with these, at most some hundreds at a time; what came of each, in order."""
    unique = {each.key: each for each in told}
    rows = [_row(each, now) for each in unique.values()]
    fresh = set()
    if rows:
        fresh = set(db.session.execute(insert_new(DebitReturn).returning(DebitReturn.__table__.c.key), rows).scalars())
    done: dict[str, Outcome] = {}
    if known := [key for key in unique if key not in fresh]:
        for row in db.session.scalars(select(DebitReturn).where(DebitReturn.key.in_(known))):
            if row.state is ReturnState.PARKED and row.handled_at is None:
                fresh.add(row.key)  # told again: perhaps it can be placed now
            else:
                done[row.key] = Outcome(row.key, ReturnState.KNOWN, row.collection_id)
    for outcome in _deal([unique[key] for key in unique if key in fresh], actor, now):
        done[outcome.key] = outcome
        told_row = update(DebitReturn).where(DebitReturn.key == outcome.key)
        values = {"state": outcome.state, "why": outcome.why, "collection_id": outcome.collection_id}
        db.session.execute(told_row.values(**values), execution_options=_QUIETLY)
    return [done[each.key] for each in told]


def place(told: Sequence[Told]) -> dict[str, tuple[int | None, str]]:
    """What `returned` would make of these, by key: the collection, and why people would have to look at it."""
    found = _find(told)
    closed = closed_months({month_start(t.on) for t in told if t.settled})
    rows = {t.key: found.get(t.key) for t in told}
    return {t.key: (row.id if (row := rows[t.key]) else None, _wrong(t, row, closed)) for t in told}


def waiting(return_id: int) -> Told:
    """What is parked, as it was told. Raises NotFound."""
    row = _parked(return_id)
    return Told(
        key=row.key, source=row.source, on=row.on_date, settled=row.settled, code=row.code, cents=row.cents,
        end_to_end=row.end_to_end, mandate=row.mandate_reference, batch=row.batch_reference,
    )  # fmt: skip


def park(told: Told, why: str, *, now: datetime) -> ReturnState:
    """Leave this to people, with the reason (a msgid); KNOWN where somebody dealt with it already."""
    db.session.execute(insert_new(DebitReturn), [_row(told, now) | {"why": why}])
    row = db.session.scalars(select(DebitReturn).where(DebitReturn.key == told.key[:120]).with_for_update()).one()
    if row.state is not ReturnState.PARKED or row.handled_at is not None:
        return ReturnState.KNOWN
    row.why = why
    return ReturnState.PARKED


def placed(key: str) -> None:
    """What was parked under this key came to its place after all."""
    done = update(DebitReturn).where(DebitReturn.key == key, DebitReturn.state == ReturnState.PARKED)
    db.session.execute(done.values(state=ReturnState.DONE, why=""), execution_options=_QUIETLY)


def dismiss(return_id: int, *, now: datetime) -> None:
    """Somebody dealt with what is parked. Raises NotFound."""
    _parked(return_id, locked=True).handled_at = now


def parked() -> Any:
    """What waits for somebody."""
    return select(DebitReturn).where(DebitReturn.state == ReturnState.PARKED, DebitReturn.handled_at.is_(None))


def count_parked() -> int:
    return db.session.execute(select(func.count()).select_from(parked().subquery())).scalar_one()


def _parked(return_id: int, *, locked: bool = False) -> DebitReturn:
    wanted = parked().where(DebitReturn.id == return_id)
    row = db.session.scalars(wanted.with_for_update() if locked else wanted).one_or_none()
    if row is None:
        raise NotFound(N_("Nothing is waiting here."))
    return row


def _row(t: Told, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "key": t.key[:120], "state": ReturnState.PARKED, "why": "", "end_to_end": t.end_to_end[:35],
        "mandate_reference": t.mandate[:35], "batch_reference": t.batch[:35], "code": (t.code or "")[:10] or None,
        "cents": t.cents, "on_date": t.on, "settled": t.settled, "source": t.source[:80], "told_at": now,
    }  # fmt: skip


def _deal(told: list[Told], actor: Actor, now: datetime) -> Iterable[Outcome]:
    found = _find(told)
    closed = closed_months({month_start(t.on) for t in told if t.settled})
    going: dict[int, Told] = {}
    for t in told:
        row = found.get(t.key)
        why = _wrong(t, row, closed)
        if row is None or why:
            yield Outcome(t.key, ReturnState.PARKED, row.id if row else None, why)
        elif row.id in going or row.state in (_C.RETURNED, _C.FAILED):
            yield Outcome(t.key, ReturnState.KNOWN, row.id)
        else:
            going[row.id] = t
            yield Outcome(t.key, ReturnState.DONE, row.id)
    wrong = _move(going, actor, now)
    publish(CollectionsWentWrong(ids=tuple(wrong), actor=actor, at=now))


def _wrong(t: Told, row: Any, closed: set[date]) -> str:
    """Why people must look at this, or nothing."""
    if row is None:
        return UNKNOWN
    if t.mandate and t.mandate.upper() != row.reference:
        return OTHER_MANDATE
    if t.cents is not None and t.cents != row.amount_cents:
        return OTHER_AMOUNT
    if row.state in (_C.PLANNED, _C.WITHDRAWN):
        return NOT_SENT
    if row.state is _C.FAILED and t.settled:
        return REFUSED
    if row.state is _C.COLLECTED and not t.settled:
        return BOOKED
    return CLOSED if t.settled and row.state is not _C.RETURNED and month_start(t.on) in closed else ""


def _move(going: dict[int, Told], actor: Actor, now: datetime) -> list[int]:
    """Move them and have their money booked; the ids of those that went wrong."""
    codes = {row_id: t.code for row_id, t in going.items()}
    refused = {row_id: t.code for row_id, t in going.items() if not t.settled}
    moved = booking.refuse(refused, actor=actor, now=now)
    settled = sorted((t.on, row_id) for row_id, t in going.items() if t.settled)
    for on, some in groupby(settled, key=lambda each: each[0]):
        ids = [row_id for _, row_id in some]
        # What is taken back had come: where its batch is not booked yet, it is booked first.
        booking.collect(ids, on, actor=actor, now=now)
        back = collections.move(ids, _C.RETURNED, actor=actor, now=now, reasons=codes)
        publish(CollectionsTakenBack(ids=tuple(back), on=on, actor=actor, at=now))
        moved += back
    return moved


def _find(told: Sequence[Told]) -> dict[str, Any]:
    """The collection of each telling, by key: by EndToEndId, else the only one of its mandate and amount."""
    by_id = {t.key: row_id for t in told if (row_id := id_of(t.end_to_end)) is not None}
    columns = (Collection.id, Collection.state, Collection.amount_cents, Mandate.reference)
    ours = select(*columns).join(Mandate, Mandate.id == Collection.mandate_id).where(Mandate.kind == MandateKind.OWN)
    rows = {row.id: row for row in db.session.execute(ours.where(Collection.id.in_(set(by_id.values()))))}
    found = {key: rows[row_id] for key, row_id in by_id.items() if row_id in rows}
    without = [t for t in told if t.key not in found and t.mandate]
    if not without:
        return found
    candidates = db.session.execute(
        ours.add_columns(DebitBatch.reference.label("batch"))
        .join(DebitItem, (DebitItem.collection_id == Collection.id) & DebitItem.live)
        .join(DebitBatch, DebitBatch.id == DebitItem.batch_id)
        .where(
            Mandate.reference.in_({t.mandate.upper() for t in without}),
            Collection.state.in_((_C.SENT, _C.COLLECTED)),
        )
    ).all()
    for t in without:
        fit = [
            row
            for row in candidates
            if row.reference == t.mandate.upper()
            and t.cents in (None, row.amount_cents)
            and t.batch.upper() in ("", row.batch)
        ]
        if len(fit) == 1:
            found[t.key] = fit[0]
    return found
