"""A status report of the bank (pain.002) is kept, read and dealt with, piece by piece."""

from __future__ import annotations

import hashlib
from collections import Counter

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Refused
from app.direct_debit import batches, booking, building
from app.direct_debit.exporting import STORE
from app.direct_debit.pain import pain002
from app.direct_debit.reasons import reason_of
from app.direct_debit.returning import Told, returned
from app.direct_debit.states import BatchState, ReturnState
from app.extensions import now
from app.extensions.transactions import writing_in_bulk

PIECE = 100


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
        outcomes.update(_refuse(reference, code, actor))
    with writing_in_bulk():
        told_of = {"file": filename, "sha256": digest, "rows": len(told) + len(report.whole)}
        audit.record("debit_status.read", ("staff", actor.id or 0), actor=actor, now=now(), changes=told_of)
    return outcomes


def _refuse(reference: str, code: str | None, actor: Actor) -> list[ReturnState]:
    """The bank refused a batch whole: it is cancelled, and its collections go to another one, save those that were
    refused for a reason of their own. Nothing where those were all of it."""
    batch = booking.find(reference) or booking.find(reference.upper().removeprefix("M"))
    if batch is None:
        return [ReturnState.PARKED]
    if batch.state is BatchState.REFUSED:
        return []
    if batch.state is BatchState.CANCELED:
        return [ReturnState.KNOWN]
    batch_id = batch.id
    try:
        with writing_in_bulk():
            note = f"{code or ''} {reason_of(code).meaning}".strip()
            batches.cancel(batch_id, note, actor=actor, now=now())
    except Refused:
        return [ReturnState.PARKED]
    building.release(batch_id)
    return [ReturnState.DONE]
