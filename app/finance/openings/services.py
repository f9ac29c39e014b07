"""Take in what stood elsewhere, once, and take it back. All run inside the caller's `with writing():`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.audit.services import record
from app.base.actor import Actor
from app.base.dates import local_date, month_end, month_start
from app.base.errors import Invalid, NotFound, Refused
from app.base.money import Money
from app.base.states import N_
from app.documents.erasing import hold
from app.documents.files import StoredFile
from app.extensions import db
from app.finance.funds.accounts import fund_accounts
from app.finance.openings import balances, mandates
from app.finance.openings.models import OPENING_MOVES, SOURCE, Opening, OpeningKind, OpeningState
from app.finance.openings.standing import brought
from app.ledger import equity_postings
from app.ledger import services as ledger
from app.ledger.entries import Line
from app.ledger.queries import closed_months

_S = OpeningState
COUNTS = (_S.ENTERING, _S.IN)


def begin(kind: OpeningKind, file: StoredFile, *, actor: Actor, now: datetime) -> int:
    """Keep that this file came in; nothing counts yet. Raises Refused where the same file counts already."""
    _refuse_twice(kind, file.sha256)
    hold(file)
    row = Opening(
        kind=kind, state=_S.READ, filename=file.filename, media_type=file.media_type, sha256=file.sha256,
        created_at=now, created_by_id=actor.id, version=1,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row.id


def choose(
    opening_id: int, *, control_cents: int, control_count: int | None = None, on: date | None = None,
    told: bool = False, version: int, now: datetime,
) -> None:  # fmt: skip
    """What the file must come to (its debit column, or the amounts and the number of its mandates), and the day on
    which balances are booked. Raises Invalid with the field, Refused once it was decided upon."""
    row = locked(opening_id, version)
    if row.state is not _S.READ:
        raise Refused(N_("This file was decided upon already."))
    if row.kind is OpeningKind.BALANCES:
        if on is None:
            raise Invalid(N_("Please fill this in."), field="on")
        if on > local_date(now):
            raise Invalid(N_("This day is still to come."), field="on")
        if on != month_end(on):
            raise Invalid(N_("Choose the last day of a month: balances are those at its end."), field="on")
        if closed_months([month_start(on)]):
            raise Invalid(N_("The period %(period)s is closed: choose a later booking date."), field="on",
                          period=f"{on:%m-%Y}")  # fmt: skip
    elif control_count is None:
        raise Invalid(N_("Please fill this in."), field="count")
    row.control_cents, row.control_count, row.booked_on, row.told = control_cents, control_count, on, told
    row.version += 1


def enter_balances(opening_id: int, said: balances.Reading, *, version: int, actor: Actor, now: datetime) -> int:
    """Book these balances as one entry; its id. Raises Refused where something is wrong in the file, where it is not
    in balance or not what the control total says, for a closed month, and for a second opening on that day."""
    row = locked(opening_id, version)
    OPENING_MOVES.check(row.state, _S.IN)
    assert row.kind is OpeningKind.BALANCES
    check(row, said)
    _refuse_twice(row.kind, row.sha256)
    on = row.booked_on
    assert on
    same_day = select(Opening.id).where(
        Opening.kind == OpeningKind.BALANCES, Opening.state == _S.IN, Opening.booked_on == on
    )
    if db.session.execute(same_day).scalar() is not None:
        raise Refused(N_("There is an opening balance on this day already. Undo it to take in another."))
    bring = brought(said, on)
    if bring.problems:
        raise Refused(bring.problems[0].message, **bring.problems[0].params)
    if not bring.lines:
        raise Refused(N_("All of this stands here already."))
    own = fund_accounts({each.fund_id for each in bring.lines if each.fund_id}, actor=actor, now=now)
    lines = [Line(own[b.fund_id] if b.fund_id else b.account, b.cents, b.programme_id) for b in bring.lines]
    (entry_id,) = ledger.post([equity_postings.opening_balance((SOURCE, row.id), lines, on)], actor=actor, now=now)
    row.state, row.rows, row.entered_at, row.entered_by_id = _S.IN, said.rows, now, actor.id
    row.version += 1
    db.session.flush()
    _tell("opening.taken_in", row, actor, now, on=f"{on}", total_cents=said.debit_cents)
    return entry_id


def begin_entering(opening_id: int, said: mandates.Reading, *, version: int, actor: Actor, now: datetime) -> None:
    """From here on these mandates come in, piece by piece (taking.py). Raises Refused where something is wrong in the
    file, or it is not what the control totals say."""
    row = locked(opening_id, version)
    OPENING_MOVES.check(row.state, _S.ENTERING)
    assert row.kind is OpeningKind.MANDATES
    check(row, said)
    _refuse_twice(row.kind, row.sha256)
    row.state, row.rows, row.entered_at, row.entered_by_id = _S.ENTERING, said.rows, now, actor.id
    row.version += 1
    db.session.flush()
    _tell("opening.taken_in", row, actor, now, mandates=len(said.live), total_cents=said.cents)


def check(row: Opening, said: balances.Reading | mandates.Reading) -> None:
    """Raises Refused where a row is wrong, debit is not credit, or the control totals say otherwise."""
    cents = said.debit_cents if isinstance(said, balances.Reading) else said.cents
    if said.problems.total:
        raise Refused(N_("Not every row is right yet. Nothing was taken in."))
    if isinstance(said, balances.Reading) and said.difference:
        raise Refused(
            N_("Debit is %(debit)s and credit %(credit)s: they differ by %(difference)s. Nothing was taken in."),
            debit=Money(said.debit_cents), credit=Money(said.credit_cents), difference=Money(said.difference),
        )  # fmt: skip
    if row.control_cents != cents:
        raise Refused(
            N_("The file comes to %(total)s, the control total says %(control)s. Nothing was taken in."),
            total=Money(cents), control=Money(row.control_cents or 0),
        )  # fmt: skip
    if isinstance(said, mandates.Reading) and row.control_count != len(said.live):
        raise Refused(
            N_("The file holds %(found)s mandates, the control total says %(said)s. Nothing was taken in."),
            found=len(said.live), said=row.control_count or 0,
        )  # fmt: skip
    if not said.is_whole:
        raise Refused(N_("There is nothing in this file to take in."))


def undo_balances(opening_id: int, *, version: int, actor: Actor, now: datetime) -> None:
    """Book the counter entry: on the same day where its month is open, else today. What was only read is thrown
    away."""
    row = locked(opening_id, version)
    OPENING_MOVES.check(row.state, _S.UNDONE)
    if row.state is _S.IN:
        assert row.booked_on
        on = local_date(now) if closed_months([month_start(row.booked_on)]) else row.booked_on
        ledger.reverse(source=(SOURCE, row.id), on=on, actor=actor, now=now)
    undone(row, actor=actor, now=now)


def undone(row: Opening, *, actor: Actor, now: datetime) -> None:
    """What this import did is gone."""
    was = row.state
    row.state, row.undone_at, row.undone_by_id = _S.UNDONE, now, actor.id
    row.version += 1
    db.session.flush()
    if was is not _S.READ:
        _tell("opening.undone", row, actor, now)


def locked(opening_id: int, version: int | None = None) -> Opening:
    """The import, held until the transaction ends. Raises NotFound, and Refused for another version than was seen."""
    row = db.session.get(Opening, opening_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    if version is not None and version != row.version:
        raise Refused(N_("Somebody else changed this while you were looking. Look again, then decide."))
    return row


def _refuse_twice(kind: OpeningKind, sha256: str) -> None:
    same = select(Opening.id).where(Opening.kind == kind, Opening.sha256 == sha256, Opening.state.in_(COUNTS))
    if db.session.execute(same).scalar() is not None:
        raise Refused(N_("This file was taken in before and counts already. Undo that import to take it in again."))


def _tell(action: str, row: Opening, actor: Actor, now: datetime, **more: Any) -> None:
    told = {"file": row.filename, "sha256": row.sha256, "kind": row.kind.value, **more}
    record(action, (SOURCE, row.id), actor=actor, now=now, changes=told)
