"""Live mandates come in, a hundred at a time: the mandate with its reference and last day, the recurring gift with
its next. Stopped anywhere it goes on where it was, by itself or by hand; each row becomes one mandate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select

from app.base.actor import Actor, system
from app.base.errors import Refused
from app.base.ids import new_ids
from app.base.states import N_
from app.base.works import Payload, periodic
from app.direct_debit import mandates as direct_debit
from app.direct_debit.batch_models import MandateAmendment
from app.direct_debit.mandates import OwnMandateDraft
from app.direct_debit.models import Collection, MandateChange
from app.direct_debit.states import ConsentHow
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk
from app.finance.openings import reading, services
from app.finance.openings.mandates import Live, Reading
from app.finance.openings.models import Opening, OpeningKind, OpeningMandate, OpeningState
from app.gifts.periodic.models import Agreement
from app.gifts.recurring import notices, starting
from app.gifts.recurring.models import CommitmentChange
from app.gifts.recurring.starting import NewCommitment
from app.gifts.recurring.states import ChangeKind, Frequency

TAKER = system("opening balances")
PIECE = 100
TAKEN_OVER = "taken-over"  # the source of these recurring gifts
Bounded = Callable[[], AbstractContextManager[Any]]


def take(opening_id: int, *, actor: Actor = TAKER, bounded: Bounded = writing_in_bulk) -> int:
    """Enter what is left of a sheet of mandates that was let in; how many that were. Opens its own transactions.
    Raises what reading and signing raise."""
    row = db.session.get_one(Opening, opening_id)
    if row.state is not OpeningState.ENTERING:
        return 0
    said = reading.read(row)
    db.session.rollback()
    assert isinstance(said, Reading)
    count = 0
    for start in range(0, len(said.live), PIECE):
        piece = said.live[start : start + PIECE]
        with bounded():
            row = services.locked(opening_id)
            if row.state is not OpeningState.ENTERING:
                return count
            count += _enter(row, piece, actor, now())
    with bounded():
        row = services.locked(opening_id)
        if row.state is OpeningState.ENTERING and said.is_whole:  # what is wrong since it was let in stays told
            row.state = OpeningState.IN
            row.version += 1
    return count


def _enter(row: Opening, piece: Sequence[Live], actor: Actor, at: datetime) -> int:
    numbers = [live.row for live in piece]
    there = select(OpeningMandate.row).where(OpeningMandate.opening_id == row.id, OpeningMandate.row.in_(numbers))
    done = set(db.session.execute(there).scalars())
    fresh = [live for live in piece if live.row not in done]
    if not fresh:
        return 0
    mandate_ids = direct_debit.sign([_mandate(live, row) for live in fresh], actor=actor, now=at)
    commitment_ids = new_ids(len(fresh))
    parts = list(zip(fresh, mandate_ids, commitment_ids, strict=True))
    starting.begin([_commitment(*part) for part in parts], actor=actor, now=at)
    if row.told:
        notices.told_elsewhere(commitment_ids, actor=actor, now=at)
    rows = [
        {"id": row_id, "opening_id": row.id, "row": live.row, "mandate_id": mandate_id, "commitment_id": commitment_id}
        for row_id, (live, mandate_id, commitment_id) in zip(new_ids(len(parts)), parts, strict=True)
    ]
    db.session.execute(insert(OpeningMandate.__table__), rows)
    return len(rows)


def _mandate(live: Live, row: Opening) -> OwnMandateDraft:
    return OwnMandateDraft(
        supporter_id=live.supporter_id, iban=live.iban, holder=live.holder, signed_on=live.signed_on,
        how=ConsentHow.PAPER, text_version="", language=live.language, note=live.evidence or row.filename,
        reference=live.reference, last_collected_on=live.last_on,
        creditor_before=live.creditor if live.last_on else None, once=live.frequency is Frequency.ONCE,
    )  # fmt: skip


def _commitment(live: Live, mandate_id: int, commitment_id: int) -> NewCommitment:
    return NewCommitment(
        id=commitment_id, supporter_id=live.supporter_id, mandate_id=mandate_id, frequency=live.frequency,
        day=live.next_on.day, cents=live.cents, started_on=live.signed_on, source=TAKEN_OVER, language=live.language,
        paid=False, programme_id=live.programme_id, next_on=live.next_on, last_on=live.last_on,
    )  # fmt: skip


def undo(opening_id: int, *, version: int, actor: Actor, now: datetime) -> None:
    """Take all of it out again, inside `with writing():`, as long as nothing was done with it. Raises Refused."""
    row = services.locked(opening_id, version)
    if row.state in services.COUNTS:
        mine = select(OpeningMandate.mandate_id, OpeningMandate.commitment_id).where(
            OpeningMandate.opening_id == row.id
        )
        pairs = db.session.execute(mine).all()
        mandate_ids, commitment_ids = [p.mandate_id for p in pairs], [p.commitment_id for p in pairs]
        if used := _used(row):
            raise Refused(
                N_("%(count)s of these mandates were used or changed here since. End those that are wrong one by one."),
                count=used,
            )
        db.session.execute(delete(OpeningMandate).where(OpeningMandate.opening_id == row.id))
        starting.forget(commitment_ids)
        direct_debit.forget(mandate_ids)
    services.undone(row, actor=actor, now=now)


def _used(row: Opening) -> int:
    """How many of them something was done with: collected, announced by us, changed, ended, named in an agreement."""
    mine = select(OpeningMandate.commitment_id).where(OpeningMandate.opening_id == row.id)
    by = select(OpeningMandate.mandate_id).where(OpeningMandate.opening_id == row.id)
    collected = select(Collection.commitment_id).where(Collection.commitment_id.in_(mine))
    first = (CommitmentChange.note == "before") | (CommitmentChange.kind == ChangeKind.STARTED)
    changed = select(CommitmentChange.commitment_id).where(CommitmentChange.commitment_id.in_(mine), ~first)
    agreed = select(Agreement.commitment_id).where(Agreement.commitment_id.in_(mine))
    moved = select(MandateChange.mandate_id).where(MandateChange.mandate_id.in_(by))
    amended = select(MandateAmendment.mandate_id).where(MandateAmendment.mandate_id.in_(by))
    both = collected.union(changed, agreed, moved, amended).subquery()
    return db.session.execute(select(func.count()).select_from(both)).scalar_one()


@periodic("openings.go_on", every=timedelta(minutes=5))
def go_on(_: Payload) -> None:
    """Finish what was broken off."""
    waiting = select(Opening.id).where(Opening.kind == OpeningKind.MANDATES, Opening.state == OpeningState.ENTERING)
    ids = list(db.session.execute(waiting).scalars())
    db.session.rollback()
    for opening_id in ids:
        take(opening_id)
