"""Sub-grants: what we pass on to a partner, planned in instalments. Inside `with writing():`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.money import Money
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.history import facts as move_facts
from app.grants.partners.models import (
    PASS_ON_MOVES,
    SUB_GRANT_MOVES,
    Booking,
    DutyState,
    GrantPartner,
    PassOnState,
    SubGrant,
    SubGrantDuty,
    SubGrantInstalment,
    SubGrantInstalmentMove,
    SubGrantMove,
    SubGrantState,
)
from app.grants.parts import tasks
from app.grants.rows import cents_sum, check_version, locked

_S = SubGrantState
_P = PassOnState
AGREED = (_S.AGREED, _S.CLOSED)  # what we promised to partners


@dataclass(frozen=True, slots=True, kw_only=True)
class SubGrantFacts:
    """What is agreed with the partner; amount in cents."""

    title: str
    amount_cents: int
    booking: Booking
    starts_on: date
    ends_on: date


def plan(partner_id: int, facts: SubGrantFacts, *, actor: Actor, now: datetime) -> int:
    """Draft a sub-grant. Nothing is booked."""
    partner = locked(GrantPartner, partner_id)
    _check(facts)
    row = SubGrant(partner_id=partner.id, state=_S.DRAFT, version=1, created_at=now, **asdict(facts))
    db.session.add(row)
    db.session.flush()
    db.session.add(SubGrantMove(sub_grant_id=row.id, **move_facts(None, _S.DRAFT, actor=actor, now=now)))
    audit.record("sub_grant.planned", ("sub_grant", row.id), actor=actor, now=now, changes=asdict(facts))
    return row.id


def change(sub_grant_id: int, facts: SubGrantFacts, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Change a sub-grant; once something of it is booked, its booking stands."""
    row, grant = _locked_with_grant(sub_grant_id)
    check_version(row.version, version)
    _check(facts)
    if row.state in AGREED:
        _within_grant(grant, row.id, facts.amount_cents)
    if facts.booking is not row.booking and _booked(sub_grant_id):
        raise Refused(N_("Instalments of it are in the books: take those back first, then change how it is booked."))
    if facts.amount_cents < planned_cents(sub_grant_id):
        raise Invalid(N_("The instalments come to more than this."), field="amount")
    for name, value in asdict(facts).items():
        setattr(row, name, value)
    if changes := audit.changes_of(row):
        row.version += 1
        db.session.flush()
        audit.record("sub_grant.changed", ("sub_grant", row.id), actor=actor, now=now, changes=changes)


def agree(sub_grant_id: int, *, agreed_on: date, version: int | None = None, actor: Actor, now: datetime) -> None:
    """Both signed. From here on finance can book its instalments. All that is agreed stays within the grant."""
    row, grant = _locked_with_grant(sub_grant_id)
    check_version(row.version, version)
    _within_grant(grant, row.id, row.amount_cents)
    if agreed_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="agreed_on")
    row.agreed_on = agreed_on
    _shift(row, _S.AGREED, actor=actor, now=now)


def move(sub_grant_id: int, state: SubGrantState, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """Close, open again, cancel. Cancelled is only what has no money owed or paid."""
    row = locked(SubGrant, sub_grant_id)
    check_version(row.version, version)
    SUB_GRANT_MOVES.check(row.state, state)
    if state is _S.AGREED and row.agreed_on is None:
        raise Invalid(N_("This step asks for a little more: use its own button."), field="state")
    if state is _S.CANCELLED and _booked(sub_grant_id):
        raise Refused(N_("Instalments of it are in the books: take those back first."))
    if state is _S.CLOSED and _owed(sub_grant_id):
        raise Refused(N_("There is still money to pay: pay it or take it back first."))
    if state is _S.CLOSED and _duties_open(sub_grant_id):
        raise Refused(N_("Not all that the partner owes is accepted: accept or waive it first."))
    _shift(row, state, actor=actor, now=now)
    if state is _S.CANCELLED:
        tasks.withdraw(sub_grant_id, actor=actor, now=now)


def plan_instalment(sub_grant_id: int, *, amount_cents: int, due_on: date, actor: Actor, now: datetime) -> int:
    """One more part in which it is passed on; together they stay within the sub-grant."""
    row = held_open(sub_grant_id)
    if amount_cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    if planned_cents(sub_grant_id) + amount_cents > row.amount_cents:
        raise Invalid(N_("The instalments come to more than the sub-grant."), field="amount")
    part = SubGrantInstalment(
        sub_grant_id=row.id, amount_cents=amount_cents, due_on=due_on, state=_P.PLANNED, booked_cents=0, bookings=0,
        version=1, created_at=now,
    )  # fmt: skip
    db.session.add(part)
    db.session.flush()
    db.session.add(SubGrantInstalmentMove(instalment_id=part.id, **move_facts(None, _P.PLANNED, actor=actor, now=now)))
    told = {"amount_cents": amount_cents, "due_on": due_on.isoformat()}
    audit.record("sub_grant.instalment_planned", ("sub_grant", row.id), actor=actor, now=now, changes=told)
    return part.id


def move_instalment(
    instalment_id: int, state: PassOnState, *, version: int | None = None, actor: Actor, now: datetime
) -> int:
    """Cancel a planned instalment, or plan it again; gives the sub-grant's id. Money has verbs of its own."""
    part = locked(SubGrantInstalment, instalment_id)
    check_version(part.version, version)
    PASS_ON_MOVES.check(part.state, state)
    if {part.state, state} - {_P.PLANNED, _P.CANCELLED}:
        raise Invalid(N_("This step asks for a little more: use its own button."), field="state")
    if state is _P.PLANNED:
        sub_grant = held_open(part.sub_grant_id)
        if planned_cents(sub_grant.id) + part.amount_cents > sub_grant.amount_cents:
            raise Invalid(N_("The instalments come to more than the sub-grant."), field="amount")
    shift_instalment(part, state, actor=actor, now=now)
    return part.sub_grant_id


def shift_instalment(
    part: SubGrantInstalment, state: PassOnState, *, actor: Actor, now: datetime, note: str = ""
) -> None:
    before = part.state
    PASS_ON_MOVES.check(before, state)
    part.state = state
    part.version += 1
    db.session.flush()
    facts = move_facts(before, state, actor=actor, now=now, note=note)
    db.session.add(SubGrantInstalmentMove(instalment_id=part.id, **facts))
    told = {"state": [before.value, state.value], "amount_cents": part.amount_cents} | ({"note": note} if note else {})
    audit.record("sub_grant.instalment_moved", ("sub_grant", part.sub_grant_id), actor=actor, now=now, changes=told)


def held_open(sub_grant_id: int) -> SubGrant:
    """The sub-grant, held until this transaction ends. Raises Refused once it is closed or cancelled."""
    row = locked(SubGrant, sub_grant_id)
    if row.state not in (_S.DRAFT, _S.AGREED):
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)
    return row


def planned_cents(sub_grant_id: int) -> int:
    """What its instalments come to, without the cancelled ones."""
    total = select(cents_sum(SubGrantInstalment.amount_cents)).where(
        SubGrantInstalment.sub_grant_id == sub_grant_id, SubGrantInstalment.state != _P.CANCELLED
    )
    return int(db.session.execute(total).scalar_one())


def grant_of(sub_grant_id: int) -> Grant:
    """The grant that a sub-grant is part of."""
    return db.session.execute(
        select(Grant)
        .join(GrantPartner, GrantPartner.grant_id == Grant.id)
        .join(SubGrant, SubGrant.partner_id == GrantPartner.id)
        .where(SubGrant.id == sub_grant_id)
    ).scalar_one()


def _locked_with_grant(sub_grant_id: int) -> tuple[SubGrant, Grant]:
    """The grant first, so that two agreements at once are counted one after the other."""
    whose = (
        select(GrantPartner.grant_id)
        .join(SubGrant, SubGrant.partner_id == GrantPartner.id)
        .where(SubGrant.id == sub_grant_id)
    )
    grant = locked(Grant, db.session.execute(whose).scalar() or 0)
    return locked(SubGrant, sub_grant_id), grant


def _within_grant(grant: Grant, sub_grant_id: int, cents: int) -> None:
    others = (
        select(cents_sum(SubGrant.amount_cents))
        .join(GrantPartner, GrantPartner.id == SubGrant.partner_id)
        .where(GrantPartner.grant_id == grant.id, SubGrant.state.in_(AGREED), SubGrant.id != sub_grant_id)
    )
    left = grant.amount_cents - int(db.session.execute(others).scalar_one())
    if cents > left:
        raise Invalid(
            N_("This is more than the grant has left to pass on: %(left)s."), field="amount", left=Money(left)
        )


def _check(facts: SubGrantFacts) -> None:
    if not facts.title.strip():
        raise Invalid(N_("Please fill this in."), field="title")
    if facts.amount_cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    if facts.ends_on < facts.starts_on:
        raise Invalid(N_("The period ends before it starts."), field="ends_on")


def _in_state(sub_grant_id: int, *states: PassOnState) -> bool:
    mine = (SubGrantInstalment.sub_grant_id == sub_grant_id) & SubGrantInstalment.state.in_(states)
    return db.session.execute(select(SubGrantInstalment.id).where(mine).limit(1)).first() is not None


def _booked(sub_grant_id: int) -> bool:
    return _in_state(sub_grant_id, _P.OWED, _P.PAID)


def _owed(sub_grant_id: int) -> bool:
    return _in_state(sub_grant_id, _P.OWED)


def _duties_open(sub_grant_id: int) -> bool:
    done = (DutyState.ACCEPTED, DutyState.WAIVED)
    left = select(SubGrantDuty.id).where(SubGrantDuty.sub_grant_id == sub_grant_id, SubGrantDuty.state.not_in(done))
    return db.session.execute(left.limit(1)).scalar() is not None


def _shift(row: SubGrant, state: SubGrantState, *, actor: Actor, now: datetime) -> None:
    before = row.state
    SUB_GRANT_MOVES.check(before, state)
    row.state = state
    row.version += 1
    db.session.flush()
    db.session.add(SubGrantMove(sub_grant_id=row.id, **move_facts(before, state, actor=actor, now=now)))
    told = {"state": [before.value, state.value]}
    audit.record("sub_grant.moved", ("sub_grant", row.id), actor=actor, now=now, changes=told)
