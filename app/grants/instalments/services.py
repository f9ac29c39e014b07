"""Plan instalments and follow their money. Inside the caller's `with writing():`.

Requests, receipts and settlements are finance's; the grant is confirmed before any of its money
is booked. Each service holds the grant first and the instalment next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.events import publish
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant, Recognition
from app.grants.conditions.holding import is_held
from app.grants.history import facts as move_facts
from app.grants.instalments import booking
from app.grants.instalments.events import ReceiptsTakenBack
from app.grants.instalments.models import INSTALMENT_MOVES, Instalment, InstalmentMove, InstalmentState, Receipt
from app.grants.recognition import services as recognition
from app.grants.rows import cents_sum, check_version, locked, locked_all
from app.grants.settlements.standing import IS_SETTLED, refuse_settled
from app.ledger import postings

_S = InstalmentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Money on the bank account, as finance types it. `form_key` makes a form that is sent twice one receipt."""

    instalment_id: int
    received_on: date
    amount_cents: int
    bank_reference: str
    form_key: str
    via: str = postings.BY_BANK  # or BY_STATEMENT, where its bank line is booked already


def received_cents(instalment_id: int) -> int:
    """What came in so far, without what was taken back."""
    total = select(cents_sum(Receipt.amount_cents)).where(
        Receipt.instalment_id == instalment_id, Receipt.reversed_at.is_(None)
    )
    return int(db.session.execute(total).scalar_one())


def request(instalment_id: int, *, requested_on: date, version: int | None = None, actor: Actor, now: datetime) -> None:
    """We asked the funder for the money. Books nothing: a request is no money."""
    _, row = _held(instalment_id, version)
    INSTALMENT_MOVES.check(row.state, _S.REQUESTED)
    _not_later(requested_on, now, "requested_on")
    row.requested_on = requested_on
    shift(row, _S.REQUESTED, actor=actor, now=now)


def withdraw_request(instalment_id: int, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """The request was a mistake: it is due again."""
    _, row = _held(instalment_id, version)
    if row.state is not _S.REQUESTED:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)
    row.requested_on = None
    shift(row, _S.DUE, actor=actor, now=now)


def withhold(instalment_id: int, note: str, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """The funder holds the money back. The books change only when it is settled."""
    _, row = _held(instalment_id, version)
    INSTALMENT_MOVES.check(row.state, _S.WITHHELD)
    if row.state is _S.RECEIVED:
        raise Refused(N_("This money is here already."))
    if not note.strip():
        raise Invalid(N_("Write down why the funder holds it back."), field="note")
    row.withheld_on = local_date(now)
    shift(row, _S.WITHHELD, note=note.strip(), actor=actor, now=now)


def resume(instalment_id: int, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """The funder holds it back no longer."""
    _, row = _held(instalment_id, version)
    if row.state is not _S.WITHHELD:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)
    row.withheld_on = row.requested_on = None
    shift(row, _resting_state(row), actor=actor, now=now)


def receive(receipts: Sequence[Received], *, actor: Actor, now: datetime) -> list[int]:
    """Money came in, whole, in part or more than agreed; gives the receipts' ids, known ones included.

    An instalment is received once the sum reaches what was agreed; a part leaves it as it was.
    """
    known = _known_receipts(receipts)
    new = [each for each in receipts if each.form_key not in known]
    instalments = {row.id: row for row in _held_all([each.instalment_id for each in new])}
    grants = {row.id: row for row in locked_all(Grant, {row.grant_id for row in instalments.values()})}
    made: dict[str, Receipt] = {}
    for each in new:
        grant = grants[instalments[each.instalment_id].grant_id]
        _check_receipt(each, grant, instalments[each.instalment_id], now)
        made[each.form_key] = Receipt(
            instalment_id=each.instalment_id,
            received_on=each.received_on,
            amount_cents=each.amount_cents,
            bank_reference=each.bank_reference.strip(),
            form_key=each.form_key,
            recorded_at=now,
            recorded_by_id=actor.id if actor.kind == "staff" else None,
        )
    db.session.add_all(made.values())
    db.session.flush()
    pairs = [(grants[instalments[receipt.instalment_id].grant_id], receipt) for receipt in made.values()]
    via = {made[each.form_key].id: each.via for each in new}
    booking.receive(pairs, via, actor=actor, now=now)
    for receipt in made.values():
        told = {"amount_cents": receipt.amount_cents, "received_on": receipt.received_on.isoformat()}
        audit.record("instalment.money_in", ("instalment", receipt.instalment_id), actor=actor, now=now, changes=told)
    for row in instalments.values():
        if row.state is not _S.RECEIVED and received_cents(row.id) >= row.amount_cents:
            shift(row, _S.RECEIVED, actor=actor, now=now)
    return [known[each.form_key] if each.form_key in known else made[each.form_key].id for each in receipts]


def take_back(receipt_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """A receipt was wrong: it is reversed in the books, and the instalment is open again if need be."""
    if not reason.strip():
        raise Invalid(N_("Say why it is taken back."), field="reason")
    instalment_id = locked(Receipt, receipt_id).instalment_id
    grant, row = _held(instalment_id, None)
    receipt = locked(Receipt, receipt_id)
    if receipt.reversed_at is not None:
        raise Refused(N_("This receipt was taken back already."))
    if row.state is _S.SETTLED:
        raise Refused(N_("Undo the settlement first."))
    if row.settlement_id is None:
        refuse_settled(grant.id)
    receipt.reversed_at, receipt.reversal_reason = now, reason.strip()
    db.session.flush()
    booking.undo_receipt(grant, receipt, on=local_date(now), actor=actor, now=now)
    recognition.book_anew(grant, actor=actor, now=now)
    told = {"amount_cents": receipt.amount_cents, "reason": reason.strip()}
    audit.record("instalment.money_taken_back", ("instalment", row.id), actor=actor, now=now, changes=told)
    publish(ReceiptsTakenBack(ids=(receipt_id,), actor=actor, at=now))
    if row.state is _S.RECEIVED and received_cents(row.id) < row.amount_cents:
        shift(row, _open_state(row), note=reason.strip(), actor=actor, now=now)


def settle(instalment_id: int, note: str, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """It stays at what came in, more or less than agreed: the difference is no longer expected.

    Income that was booked already is reversed and booked anew for what it came to.
    """
    grant, row = _held(instalment_id, version)
    refuse_settled(grant.id)
    INSTALMENT_MOVES.check(row.state, _S.SETTLED)
    if grant.confirmed_at is None:
        raise Refused(N_("Finance confirms the grant first: nothing of it is in the books yet."))
    if not note.strip():
        raise Invalid(N_("Say what was agreed with the funder."), field="note")
    came = received_cents(row.id)
    if row.recognised_cents and row.recognised_cents != came:
        booking.rebook(grant, row, came, on=local_date(now), actor=actor, now=now)
    row.settled_cents = came
    shift(row, _S.SETTLED, note=note.strip(), actor=actor, now=now)


def unsettle(instalment_id: int, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """The settlement was a mistake: it stands at the agreed amount again."""
    grant, row = _held(instalment_id, version)
    refuse_settled(grant.id)
    if row.state is not _S.SETTLED:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)
    after = state_without_settlement(row)
    today = local_date(now)
    if booking.has_come(grant, row, today) and row.recognised_cents != row.amount_cents:
        booking.rebook(grant, row, row.amount_cents, on=today, actor=actor, now=now)
    row.settled_cents = None
    shift(row, after, actor=actor, now=now)


def recognise_year(*, actor: Actor, now: datetime, limit: int = 200) -> int:
    """Book the contributions whose year has come. Run again until it gives 0."""
    today = local_date(now)
    come = (
        select(Instalment.id, Grant.id)
        .join(Grant, Grant.id == Instalment.grant_id)
        .where(
            Grant.confirmed_at.is_not(None),
            Grant.recognition == Recognition.CONTRIBUTION_YEAR,
            ~IS_SETTLED,
            Instalment.contribution_year <= today.year,
            Instalment.recognised_cents == 0,
            func.coalesce(Instalment.settled_cents, Instalment.amount_cents) > 0,
        )
        .order_by(Instalment.id)
        .limit(limit)
    )
    ids = db.session.execute(come).all()
    grants = {row.id: row for row in locked_all(Grant, {grant_id for _, grant_id in ids})}
    rows = [row for row in locked_all(Instalment, [row_id for row_id, _ in ids]) if row.recognised_cents == 0]
    booking.recognise([(grants[row.grant_id], row) for row in rows], actor=actor, now=now)
    return len(rows)


def shift(row: Instalment, state: InstalmentState, *, note: str = "", actor: Actor, now: datetime) -> None:
    """Move a row that is held, with its history row; the transition table decides."""
    before = row.state
    INSTALMENT_MOVES.check(before, state)
    row.state = state
    row.version += 1
    db.session.flush()
    db.session.add(InstalmentMove(instalment_id=row.id, **move_facts(before, state, actor=actor, now=now, note=note)))
    changes: dict[str, object] = {"state": [before.value, state.value]}
    if note:
        changes["note"] = note
    audit.record("instalment.moved", ("instalment", row.id), actor=actor, now=now, changes=changes)


def state_without_settlement(row: Instalment) -> InstalmentState:
    """Where a settled instalment stands once its settlement is taken back."""
    return _S.RECEIVED if received_cents(row.id) >= row.amount_cents else _open_state(row)


def _open_state(row: Instalment) -> InstalmentState:
    """Where it stands without money: the last thing that was said about it."""
    if row.withheld_on is not None:
        return _S.WITHHELD
    if row.requested_on is not None:
        return _S.REQUESTED
    return _resting_state(row)


def _resting_state(row: Instalment) -> InstalmentState:
    """Conditional or due, by whether its trigger came and its conditions are met."""
    return _S.CONDITIONAL if row.released_on is None or is_held(row.id) else _S.DUE


def _held(instalment_id: int, version: int | None) -> tuple[Grant, Instalment]:
    grant_id = db.session.execute(select(Instalment.grant_id).where(Instalment.id == instalment_id)).scalar()
    grant = locked(Grant, grant_id or 0)
    row = locked(Instalment, instalment_id)
    check_version(row.version, version)
    return grant, row


def _held_all(instalment_ids: Sequence[int]) -> list[Instalment]:
    grants = select(Instalment.grant_id).where(Instalment.id.in_(instalment_ids)).distinct()
    locked_all(Grant, db.session.execute(grants).scalars())
    return locked_all(Instalment, instalment_ids)


def _known_receipts(receipts: Sequence[Received]) -> dict[str, int]:
    """Receipts that are there already, by form key. The same key for other money is refused."""
    keys = {each.form_key: each for each in receipts}
    found = db.session.execute(select(Receipt).where(Receipt.form_key.in_(keys))).scalars()
    known = {}
    for row in found:
        each = keys[row.form_key]
        if (row.instalment_id, row.received_on, row.amount_cents) != (
            each.instalment_id,
            each.received_on,
            each.amount_cents,
        ):
            raise Refused(N_("This form was sent before with other figures: look at what is recorded."))
        known[row.form_key] = row.id
    return known


def _check_receipt(each: Received, grant: Grant, row: Instalment, now: datetime) -> None:
    if grant.confirmed_at is None:
        raise Refused(N_("Finance confirms the grant first: nothing of it is in the books yet."))
    if row.state is _S.SETTLED:
        raise Refused(N_("This instalment is settled. Undo the settlement first."))
    if row.settlement_id is None:
        refuse_settled(grant.id)
    if each.amount_cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    if not each.bank_reference.strip():
        raise Invalid(N_("Please fill this in: it is how the auditor finds the money."), field="bank_reference")
    _not_later(each.received_on, now, "received_on")
    if each.received_on < grant.decided_on:
        raise Invalid(N_("This is before the grant was awarded."), field="received_on")


def _not_later(day: date, now: datetime, field: str) -> None:
    if day > local_date(now):
        raise Invalid(N_("This day has not come yet."), field=field)
