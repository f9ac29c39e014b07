"""The money of sub-grants in the books: owed to the partner, paid, and taken back. Inside `with writing():`.

booking     owed                                   paid
principal   cost of sub-grants / owed to partners  owed to partners / bank
cashier     less income / held for partners        held for partners / bank

Each instalment is booked on its own day (today where that month is closed), so that a sub-grant of several years
never lands in one. Of a grant that is recognised with the costs, income follows in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import format_date, local_date, month_end, month_start
from app.base.errors import Invalid, Refused
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.instalments.booking import purpose
from app.grants.partners.models import (
    PASS_ON_MOVES,
    Booking,
    PassOnState,
    SubGrant,
    SubGrantInstalment,
    SubGrantPayment,
    SubGrantState,
)
from app.grants.partners.sub_grants import grant_of, shift_instalment
from app.grants.recognition import services as recognition
from app.grants.rows import check_version, locked
from app.ledger import postings
from app.ledger import services as ledger
from app.ledger.queries import closed_months

_P = PassOnState
SOURCE, PAYMENT = "sub_grant_instalment", "sub_grant_payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidOut:
    """Money that left the bank account. `form_key` makes a form that is sent twice one payment."""

    instalment_id: int
    paid_on: date
    bank_reference: str
    form_key: str


def owe(instalment_ids: Sequence[int], *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """We owe these instalments from now on: as principal a cost, as cashier money held for the partner.
    Booked on the day it is due, or today where that month is closed. Refused before that day: taken back, it
    would be less cost in this year and more in that one."""
    entries, grants = [], set[int]()
    for instalment_id in instalment_ids:
        part, sub_grant, grant = _held(instalment_id, version)
        PASS_ON_MOVES.check(part.state, _P.OWED)
        if part.state is not _P.PLANNED:
            raise Refused(N_("This cannot be done: it is %(now)s."), now=part.state.label)
        if sub_grant.state is not SubGrantState.AGREED:
            raise Refused(N_("Record first that the sub-grant is agreed."))
        if grant.confirmed_at is None:
            raise Refused(N_("Finance confirms the grant first: until then nothing of it is in the books."))
        if part.due_on > local_date(now):
            raise Refused(N_("It is owed from %(day)s: it can be booked from that day."), day=format_date(part.due_on))
        day = _in_open_month(part.due_on, now)
        part.bookings += 1
        part.booked_cents = part.amount_cents
        book = postings.sub_grant_owed if sub_grant.booking is Booking.PRINCIPAL else postings.sub_grant_held
        entries.append(book((SOURCE, part.id), part.amount_cents, day, purpose(grant), part=str(part.bookings)))
        shift_instalment(part, _P.OWED, actor=actor, now=now)
        grants.add(grant.id)
    ledger.post(entries, actor=actor, now=now)
    recognition.follow(grants, actor=actor, now=now)


def pay(payments: Sequence[PaidOut], *, version: int | None = None, actor: Actor, now: datetime) -> list[int]:
    """Money went to the partner; gives the payments' ids, known ones included."""
    ids = []
    for paid in payments:
        known = select(SubGrantPayment.id, SubGrantPayment.instalment_id).where(
            SubGrantPayment.form_key == paid.form_key
        )
        if (before := db.session.execute(known).first()) is not None:
            if before.instalment_id != paid.instalment_id:
                raise Refused(N_("This form was used for another payment: open it anew."))
            ids.append(before.id)
            continue
        ids.append(_pay(paid, version, actor, now))
    return ids


def _pay(paid: PaidOut, version: int | None, actor: Actor, now: datetime) -> int:
    part, sub_grant, grant = _held(paid.instalment_id, version)
    PASS_ON_MOVES.check(part.state, _P.PAID)
    if paid.paid_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="paid_on")
    if not paid.bank_reference.strip():
        raise Invalid(N_("Please fill this in."), field="bank_reference")
    row = SubGrantPayment(
        instalment_id=part.id,
        paid_on=paid.paid_on,
        amount_cents=part.booked_cents,
        bank_reference=paid.bank_reference.strip(),
        form_key=paid.form_key,
        recorded_at=now,
        recorded_by_id=actor.id if actor.kind == "staff" else None,
    )
    db.session.add(row)
    db.session.flush()
    cashier = sub_grant.booking is Booking.CASHIER
    entry = postings.sub_grant_paid((PAYMENT, row.id), row.amount_cents, paid.paid_on, purpose(grant), cashier=cashier)
    ledger.post([entry], actor=actor, now=now)
    shift_instalment(part, _P.PAID, actor=actor, now=now)
    return row.id


def take_back_payment(
    instalment_id: int, reason: str, *, on: date | None = None, version: int | None = None, actor: Actor, now: datetime
) -> None:
    """The payment came back or was recorded by mistake: reversed, and owed again."""
    part, _sub_grant, _grant = _held(instalment_id, version)
    if part.state is not _P.PAID:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=part.state.label)
    if not reason.strip():
        raise Invalid(N_("Write down why."), field="note")
    standing = select(SubGrantPayment).where(
        SubGrantPayment.instalment_id == part.id, SubGrantPayment.reversed_at.is_(None)
    )
    row = db.session.execute(standing.with_for_update()).scalar_one()
    ledger.reverse(actor=actor, now=now, on=on or local_date(now), source=(PAYMENT, row.id))
    row.reversed_at, row.reversal_reason = now, reason.strip()[:500]
    shift_instalment(part, _P.OWED, actor=actor, now=now, note=reason.strip())


def take_back_owed(instalment_id: int, reason: str, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """We do not owe it (yet) after all: reversed, and planned again. The reversal falls in the month it was due,
    or today where that is closed: what was earned with it is taken out of that same month."""
    part, _sub_grant, grant = _held(instalment_id, version)
    if part.state is not _P.OWED:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=part.state.label)
    if not reason.strip():
        raise Invalid(N_("Write down why."), field="note")
    day = _in_open_month(min(month_end(part.due_on), local_date(now)), now)
    ledger.reverse(actor=actor, now=now, on=day, source=(SOURCE, part.id))
    part.booked_cents = 0
    shift_instalment(part, _P.PLANNED, actor=actor, now=now, note=reason.strip())
    recognition.follow([grant.id], actor=actor, now=now)


def _in_open_month(day: date, now: datetime) -> date:
    """This day, or today where its month is closed."""
    return local_date(now) if closed_months({month_start(day)}) else day


def _held(instalment_id: int, version: int | None) -> tuple[SubGrantInstalment, SubGrant, Grant]:
    part = locked(SubGrantInstalment, instalment_id)
    check_version(part.version, version)
    return part, db.session.get_one(SubGrant, part.sub_grant_id), grant_of(part.sub_grant_id)
