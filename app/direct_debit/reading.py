"""A status report of the bank (pain.002) is kept, read and dealt with, piece by piece."""

from __future__ import annotations

import hashlib
from collections import Counter

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Refused
from app.base.states import N_
from app.direct_debit import batches, booking, building, returning
from app.direct_debit.exporting import STORE
from app.direct_debit.pain import pain002
from app.direct_debit.reasons import reason_of
from app.direct_debit.returning import BOOKED, Told, returned
from app.direct_debit.states import BatchState, ReturnState
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk

PIECE = 100
UNKNOWN_BATCH = N_("No batch of ours has this reference.")
_WHOLE = "pain.002 whole:"  # how keys of batches refused altogether begin


def take_in(content: bytes, filename: str, *, actor: Actor) -> Counter[ReturnState]:
    """What came of each refusal in this file, and of batches refused whole. Opens its own transactions, and may be
    repeated: what it told is known then. Raises Invalid, Refused."""
    STORE.keep([content])
    report = pain002.read(content)
    digest = hashlib.sha256(content).hexdigest()
    outcomes: Counter[ReturnState] = Counter()
    told = [
        Told(
            key=f"pain.002:{digest}:{number}", source=f"pain.002 {filename}", on=each.on, settled=False,
            code=each.code, cents=each.cents, end_to_end=each.end_to_end, mandate=each.mandate, batch=each.batch,
        )
        for number, each in enumerate(report.refusals)
    ]  # fmt: skip
    for start in range(0, len(told), PIECE):
        with writing_in_bulk():
            some = returned(told[start : start + PIECE], actor=actor, now=now())
        outcomes.update(outcome.state for outcome in some)
    for reference, code in report.whole:
        each = Told(
            key=f"{_WHOLE}{digest}:{reference[:35]}", source=f"pain.002 {filename}", settled=False, code=code,
            on=report.on or local_date(now()), batch=reference,
        )  # fmt: skip
        outcomes.update(_refuse(each, actor))
    with writing_in_bulk():
        told_of = {"file": filename, "sha256": digest, "rows": len(told) + len(report.whole)}
        audit.record("debit_status.read", ("staff", actor.id or 0), actor=actor, now=now(), changes=told_of)
    return outcomes


def again(return_id: int, *, actor: Actor) -> ReturnState:
    """Try what is parked once more, a collection or a batch refused whole. Opens its own transactions. Raises
    NotFound."""
    told = returning.waiting(return_id)
    db.session.rollback()
    if told.key.startswith(_WHOLE):
        state = next(iter(_refuse(told, actor)), ReturnState.KNOWN)
    else:
        with writing_in_bulk():
            state = returning.returned([told], actor=actor, now=now())[0].state
    with writing_in_bulk():
        audit.record("debit_return.again", ("debit_return", return_id), actor=actor, now=now())
    return state


def _refuse(told: Told, actor: Actor) -> list[ReturnState]:
    """The bank refused a batch whole: it is cancelled, and its collections go to another one, save those that were
    refused for a reason of their own. Nothing where those were all of it. What cannot be done is parked."""
    batch = booking.find(told.batch) or booking.find(told.batch.upper().removeprefix("M"))
    state = batch.state if batch else None
    why = UNKNOWN_BATCH if batch is None else ""
    if batch is not None and state not in (BatchState.REFUSED, BatchState.CANCELED):
        batch_id = batch.id
        try:
            with writing_in_bulk():
                note = f"{told.code or ''} {reason_of(told.code).meaning}".strip()
                batches.cancel(batch_id, note, actor=actor, now=now())
        except Refused:
            why = BOOKED
        else:
            building.release(batch_id)
    with writing_in_bulk():
        if why:
            return [returning.park(told, why, now=now())]
        returning.placed(told.key)
    if state is BatchState.REFUSED:
        return []
    return [ReturnState.KNOWN if state is BatchState.CANCELED else ReturnState.DONE]
