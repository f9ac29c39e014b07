"""Settle a grant, take that back, and pay back what is owed. Inside the caller's `with writing():`.

The books after a settlement at F cents, with R received: income is F; what is still to come (F − R)
is receivable on one last instalment; what is too much (R − F) moves from received in advance to
what is to be paid back. A grant recognised on receipt keeps its rule: income is never more than R.
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
from app.base.states import N_
from app.extensions import db
from app.grants.awards import services as awards
from app.grants.awards.models import GRANT_MOVES, Grant, GrantState, Recognition
from app.grants.instalments import booking, planning
from app.grants.instalments import services as instalments
from app.grants.instalments.models import OPEN_INSTALMENTS, Instalment, InstalmentState, Trigger
from app.grants.rows import check_version, locked
from app.grants.settlements.models import Repayment, Settlement
from app.grants.settlements.standing import refuse_settled, standing
from app.ledger import postings
from app.ledger import services as ledger
from app.ledger.queries import grant_balance

_G = GrantState
_S = InstalmentState
SETTLED_FROM = (_G.REPORTING, _G.TERMINATED, _G.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementFacts:
    """What the funder's letter says. `expected_on` is for what is still to come, if anything is."""

    settled_cents: int
    settled_on: date
    booked_on: date
    note: str
    form_key: str
    reference: str = ""
    expected_on: date | None = None


def settle(grant_id: int, facts: SettlementFacts, *, version: int | None = None, actor: Actor, now: datetime) -> int:
    """The funder settles the grant; gives the settlement's id. The same form again: the same settlement."""
    grant = locked(Grant, grant_id)
    if (known := _known(grant_id, facts)) is not None:
        return known
    check_version(grant.version, version)
    _check(grant, facts, now)
    rows = _instalments(grant.id)
    received = {row.id: instalments.received_cents(row.id) for row in rows}
    came = sum(received.values())
    _refuse_years_to_come(grant, rows, facts, now)
    balance = grant_balance(grant.id)
    income = min(facts.settled_cents, came) if grant.recognition is Recognition.RECEIPT else facts.settled_cents
    row = Settlement(
        grant_id=grant.id,
        settled_on=facts.settled_on,
        booked_on=facts.booked_on,
        settled_cents=facts.settled_cents,
        correction_cents=income - balance.recognised,
        owed_cents=max(0, came - facts.settled_cents),
        reference=facts.reference.strip(),
        note=facts.note.strip(),
        state_before=grant.state,
        form_key=facts.form_key,
        recorded_at=now,
        recorded_by_id=actor.id if actor.kind == "staff" else None,
    )
    db.session.add(row)
    db.session.flush()
    for part in rows:
        if part.state in OPEN_INSTALMENTS:
            part.settled_cents, part.settlement_id = received[part.id], row.id
            instalments.shift(part, _S.SETTLED, note=row.note, actor=actor, now=now)
    _plan_the_rest(grant, row, facts, facts.settled_cents - came, actor=actor, now=now)
    _book(grant, row, actor=actor, now=now)
    told = {"settled_cents": row.settled_cents, "granted_cents": grant.amount_cents, "note": row.note}
    told |= {"income_cents": row.correction_cents, "to_pay_back_cents": row.owed_cents}
    audit.record("grant.settled", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    if row.owed_cents:
        awards.shift(grant, _G.CLAWBACK, note=row.note, actor=actor, now=now)
    elif facts.settled_cents > came and grant.state is _G.CLOSED:
        awards.shift(grant, _G.REPORTING, note=row.note, actor=actor, now=now)
    return row.id


def take_back(grant_id: int, reason: str, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """The settlement was wrong or was changed by the funder: it is reversed, and can be recorded anew."""
    grant = locked(Grant, grant_id)
    check_version(grant.version, version)
    row = standing(grant_id)
    if row is None:
        raise Refused(N_("This grant is not settled."))
    if not reason.strip():
        raise Invalid(N_("Say why it is taken back."), field="note")
    rows = _instalments(grant.id)
    last = [part for part in rows if part.position == row.final_position and part.settlement_id == row.id]
    if repaid_cents(row.id) or any(instalments.received_cents(part.id) for part in last):
        raise Refused(N_("Money moved since the settlement: take that back first."))
    row.reversed_at, row.reversal_reason = now, reason.strip()
    db.session.flush()
    ledger.reverse(source=("grant_settlement", row.id), on=local_date(now), actor=actor, now=now)
    for part in rows:
        if part.settlement_id == row.id:
            _open_again(part, is_last=part in last, note=reason.strip(), actor=actor, now=now)
    told = {"settled_cents": row.settled_cents, "reason": reason.strip()}
    audit.record("grant.settlement_taken_back", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    back = next((s for s in (row.state_before, _G.REPORTING) if GRANT_MOVES.allows(grant.state, s)), grant.state)
    if back is not grant.state:
        awards.shift(grant, back, note=reason.strip(), actor=actor, now=now)


def repay(
    settlement_id: int,
    *,
    paid_on: date,
    amount_cents: int,
    bank_reference: str,
    form_key: str,
    actor: Actor,
    now: datetime,
) -> int:
    """What is owed goes back to the funder, whole or in part; gives the repayment's id."""
    grant = locked(Grant, locked(Settlement, settlement_id).grant_id)
    row = locked(Settlement, settlement_id)
    known = db.session.execute(select(Repayment).where(Repayment.form_key == form_key)).scalars().first()
    if known is not None:
        if (known.settlement_id, known.amount_cents, known.paid_on) != (settlement_id, amount_cents, paid_on):
            raise Refused(N_("This form was sent before with other figures: look at what is recorded."))
        return known.id
    if row.reversed_at is not None:
        raise Refused(N_("This settlement was taken back."))
    if amount_cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    if amount_cents > row.owed_cents - repaid_cents(row.id):
        raise Invalid(N_("This is more than is still to be paid back."), field="amount")
    if paid_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="paid_on")
    if paid_on < row.booked_on:
        raise Invalid(N_("This is before the settlement."), field="paid_on")
    if not bank_reference.strip():
        raise Invalid(N_("Please fill this in: it is how the auditor finds the money."), field="bank_reference")
    made = Repayment(
        settlement_id=row.id,
        paid_on=paid_on,
        amount_cents=amount_cents,
        bank_reference=bank_reference.strip(),
        form_key=form_key,
        recorded_at=now,
        recorded_by_id=actor.id if actor.kind == "staff" else None,
    )
    db.session.add(made)
    db.session.flush()
    source, purpose = ("grant_repayment", made.id), booking.purpose(grant)
    ledger.post([postings.clawback_paid(source, amount_cents, paid_on, purpose)], actor=actor, now=now)
    told = {"amount_cents": amount_cents, "paid_on": paid_on.isoformat()}
    audit.record("grant.paid_back", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    if repaid_cents(row.id) == row.owed_cents and grant.state is _G.CLAWBACK:
        awards.shift(grant, _after_clawback(grant, row), actor=actor, now=now)
    return made.id


def take_back_repayment(repayment_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """A repayment was recorded wrongly: it is reversed in the books and owed again, so the clawback goes on."""
    if not reason.strip():
        raise Invalid(N_("Say why it is taken back."), field="reason")
    settlement_id = locked(Repayment, repayment_id).settlement_id
    grant = locked(Grant, locked(Settlement, settlement_id).grant_id)
    row = locked(Repayment, repayment_id)
    if row.reversed_at is not None:
        raise Refused(N_("This repayment was taken back already."))
    row.reversed_at, row.reversal_reason = now, reason.strip()
    db.session.flush()
    ledger.reverse(source=("grant_repayment", row.id), on=local_date(now), actor=actor, now=now)
    told = {"amount_cents": row.amount_cents, "reason": reason.strip()}
    audit.record("grant.repayment_taken_back", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    if GRANT_MOVES.allows(grant.state, _G.CLAWBACK):
        awards.shift(grant, _G.CLAWBACK, note=reason.strip(), actor=actor, now=now)


def repaid_cents(settlement_id: int) -> int:
    """What went back so far, without what was taken back."""
    chosen = select(func.coalesce(func.sum(Repayment.amount_cents), 0)).where(
        Repayment.settlement_id == settlement_id, Repayment.reversed_at.is_(None)
    )
    return int(db.session.execute(chosen).scalar_one())


def _after_clawback(grant: Grant, row: Settlement) -> GrantState:
    """Where a grant stands that owes nothing any more: as before its settlement, closed if nothing else is open."""
    if row.state_before is not _G.REPORTING:
        return row.state_before
    try:
        awards.refuse_loose_ends(grant)
    except Refused:
        return _G.REPORTING
    return _G.CLOSED


def _known(grant_id: int, facts: SettlementFacts) -> int | None:
    row = db.session.execute(select(Settlement).where(Settlement.form_key == facts.form_key)).scalars().first()
    if row is None:
        return None
    if (row.grant_id, row.settled_cents, row.settled_on) != (grant_id, facts.settled_cents, facts.settled_on):
        raise Refused(N_("This form was sent before with other figures: look at what is recorded."))
    return row.id


def _check(grant: Grant, facts: SettlementFacts, now: datetime) -> None:
    if grant.confirmed_at is None:
        raise Refused(N_("Finance confirms the grant first: nothing of it is in the books yet."))
    refuse_settled(grant.id)
    if grant.state not in SETTLED_FROM:
        raise Refused(N_("A grant is settled once it is being reported on, terminated or closed."))
    if facts.settled_cents < 0:
        raise Invalid(N_("A grant comes to nothing at the least."), field="amount")
    if not facts.note.strip():
        raise Invalid(N_("Say what was agreed with the funder."), field="note")
    for field, day in (("settled_on", facts.settled_on), ("booked_on", facts.booked_on)):
        if day > local_date(now):
            raise Invalid(N_("This day has not come yet."), field=field)
        if day < grant.decided_on:
            raise Invalid(N_("This is before the grant was awarded."), field=field)


def _refuse_years_to_come(grant: Grant, rows: Sequence[Instalment], facts: SettlementFacts, now: datetime) -> None:
    """A settlement makes the whole income at once: not while years that still count lie ahead."""
    if grant.recognition is not Recognition.CONTRIBUTION_YEAR:
        return
    year = local_date(now).year
    ahead = [row for row in rows if row.contribution_year > year and row.state is not _S.SETTLED]
    most = sum(booking.final_cents(row) for row in rows if row not in ahead)
    if ahead and facts.settled_cents > most:
        raise Invalid(
            N_("Contributions of later years are not income yet: it can be settled at no more than those until now."),
            field="amount",
        )


def _plan_the_rest(
    grant: Grant, row: Settlement, facts: SettlementFacts, cents: int, *, actor: Actor, now: datetime
) -> None:
    """One last instalment for what the funder still pays."""
    if cents <= 0:
        return
    taken = select(func.max(Instalment.position)).where(Instalment.grant_id == grant.id)
    last = Instalment(
        grant_id=grant.id,
        position=(db.session.execute(taken).scalar() or 0) + 1,
        amount_cents=cents,
        triggered_by=Trigger.DATE,
        expected_on=facts.expected_on or facts.settled_on,
        contribution_year=facts.settled_on.year,
        state=_S.DUE,
        released_on=facts.settled_on,
        settlement_id=row.id,
        created_at=now,
        version=1,
        recognised_cents=0,
    )
    row.final_position = last.position
    db.session.add(last)
    db.session.flush()
    planning.tell([last], actor=actor, now=now)


def _book(grant: Grant, row: Settlement, *, actor: Actor, now: datetime) -> None:
    source, purpose, on = ("grant_settlement", row.id), booking.purpose(grant), row.booked_on
    balance = grant_balance(grant.id)
    entries = []
    if (cents := row.correction_cents) > 0:
        used = booking.from_ahead(balance.receivable, balance.received_ahead, cents)
        entries.append(postings.grant_recognised(source, cents, on, purpose, ahead_cents=used))
    elif cents < 0:
        entries.append(postings.grant_reduced(source, -cents, on, purpose, receivable_cents=balance.receivable))
    if row.owed_cents:
        entries.append(postings.clawback_owed(source, row.owed_cents, on, purpose))
    ledger.post(entries, actor=actor, now=now)


def _open_again(part: Instalment, *, is_last: bool, note: str, actor: Actor, now: datetime) -> None:
    """As it stood before; the last instalment, which the settlement planned, comes to nothing."""
    part.settlement_id = None
    if is_last:
        part.settled_cents = 0
        if part.state is not _S.SETTLED:
            instalments.shift(part, _S.SETTLED, note=note, actor=actor, now=now)
        return
    after = instalments.state_without_settlement(part)
    part.settled_cents = None
    instalments.shift(part, after, note=note, actor=actor, now=now)


def _instalments(grant_id: int) -> list[Instalment]:
    chosen = select(Instalment).where(Instalment.grant_id == grant_id).order_by(Instalment.position)
    return list(db.session.execute(chosen.with_for_update().execution_options(populate_existing=True)).scalars())
