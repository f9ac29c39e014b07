"""Ask a change of the funder, and write through what is approved. Inside `with writing():`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import format_date, local_date
from app.base.errors import Invalid, Refused
from app.base.events import publish
from app.base.states import N_
from app.extensions import db
from app.grants.awards import services as awards
from app.grants.awards.models import GRANT_MOVES, Grant, GrantState
from app.grants.awards.plans import ObligationPlan
from app.grants.budgets import amounts, chores, queries, services
from app.grants.budgets.models import (
    AMENDMENT_MOVES,
    Amendment,
    AmendmentDue,
    AmendmentKind,
    AmendmentMove,
    AmendmentState,
    BudgetVersion,
)
from app.grants.events import DeadlinesMoved
from app.grants.history import facts as move_facts
from app.grants.instalments.models import Instalment
from app.grants.obligations import services as obligations
from app.grants.obligations.models import TO_DELIVER, Obligation
from app.grants.rows import cents_sum, check_version, locked
from app.grants.settlements.standing import refuse_settled

_S = AmendmentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked. `dues`: obligation → the new date. The budget asked for is the grant's draft."""

    kind: AmendmentKind
    reason: str
    requested_on: date
    ends_on: date | None = None
    amount_cents: int | None = None
    with_budget: bool = False
    dues: Mapping[int, date] = field(default_factory=dict)


def request(grant_id: int, asked: Asked, *, actor: Actor, now: datetime) -> int:
    """A change is asked of the funder; nothing of the grant changes yet. Gives its id."""
    grant = locked(Grant, grant_id)
    if grant.state in (GrantState.CLOSED, GrantState.TERMINATED, GrantState.CLAWBACK):
        raise Refused(N_("This cannot be done: it is %(now)s."), now=grant.state.label)
    if asked.requested_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="requested_on")
    if not asked.reason.strip():
        raise Invalid(N_("Please fill this in."), field="reason")
    if asked.kind is AmendmentKind.EXTENSION and asked.ends_on is None:
        raise Invalid(N_("Please fill this in."), field="ends_on")
    if asked.ends_on is not None and asked.ends_on <= grant.ends_on:
        raise Invalid(N_("An extension ends later than the grant does now."), field="ends_on")
    draft = queries.draft(grant.id) if asked.with_budget or asked.kind is AmendmentKind.REALLOCATION else None
    if draft is None and (asked.with_budget or asked.kind is AmendmentKind.REALLOCATION):
        raise Invalid(N_("Make a draft of the new budget first: that is what the funder decides on."), field="kind")
    waiting = select(func.count()).where(Amendment.grant_id == grant.id, Amendment.state == _S.REQUESTED)
    if draft is not None and db.session.execute(waiting.where(Amendment.budget_version_id == draft.id)).scalar_one():
        raise Refused(N_("This budget lies with the funder: decide the change first."))
    row = Amendment(
        grant_id=grant.id,
        kind=asked.kind,
        state=_S.REQUESTED,
        reason=asked.reason.strip(),
        requested_on=asked.requested_on,
        ends_on=asked.ends_on,
        was_ends_on=grant.ends_on,
        amount_cents=asked.amount_cents if asked.amount_cents != grant.amount_cents else None,
        was_amount_cents=grant.amount_cents,
        budget_version_id=draft.id if draft else None,
        created_at=now,
        version=1,
    )
    db.session.add(row)
    db.session.flush()
    for obligation_id, day in sorted(asked.dues.items()):
        duty = db.session.get(Obligation, obligation_id)
        if duty is None or duty.grant_id != grant.id:
            raise Invalid(N_("Please choose one of the options."), field="dues")
        if day != duty.due_on:
            db.session.add(AmendmentDue(amendment_id=row.id, obligation_id=duty.id, due_on=day, was_due_on=duty.due_on))
    _tell(row, None, actor=actor, now=now, note=row.reason)
    return row.id


def touches_books(amendment: Amendment, grant: Grant) -> bool:
    """Whether finance has to record that the funder agrees: it changes what is booked."""
    changed = amendment.amount_cents is not None and amendment.amount_cents != grant.amount_cents
    return changed and grant.confirmed_at is not None


def approve(
    amendment_id: int,
    *,
    decided_on: date,
    answer: str = "",
    version: int | None = None,
    finance: bool = False,
    actor: Actor,
    now: datetime,
) -> None:
    """The funder agrees: period, amount, budget and dates of the grant become what was asked.

    `finance` says that finance does it: only so the amount of a grant changes that is in the books.
    """
    row = _to_decide(amendment_id, decided_on, version, now)
    grant = locked(Grant, row.grant_id)
    refuse_settled(grant.id)
    if row.ends_on is not None and row.ends_on < grant.ends_on:
        raise Refused(
            N_("By now the grant ends on %(day)s, later than was asked here. Record what the funder really agreed to."),
            day=format_date(grant.ends_on),
        )
    if row.ends_on is not None and row.ends_on > grant.ends_on:
        if GRANT_MOVES.allows(grant.state, GrantState.EXTENDED):
            awards.extend(grant.id, ends_on=row.ends_on, note=row.reason, actor=actor, now=now)
        else:
            _write(grant, {"ends_on": row.ends_on}, actor=actor, now=now)
            publish(DeadlinesMoved(ids=(grant.id,), subject="grant_award", actor=actor, at=now))
    if row.amount_cents is not None and row.amount_cents != grant.amount_cents:
        before, booked = grant.amount_cents, grant.confirmed_at is not None
        planned = select(cents_sum(Instalment.amount_cents)).where(Instalment.grant_id == grant.id)
        if booked and not finance:
            raise Refused(N_("The amount is in the books: finance records that the funder agrees."))
        if not booked and row.amount_cents < db.session.execute(planned).scalar_one():
            raise Refused(N_("The instalments come to more than the grant."))
        _write(grant, {"amount_cents": row.amount_cents}, actor=actor, now=now)
        if booked:
            amounts.follow(grant, before, on=decided_on, note=row.reason, actor=actor, now=now)
    if row.budget_version_id is not None:
        services.enforce(locked(BudgetVersion, row.budget_version_id), on=decided_on, actor=actor, now=now)
    dues = select(AmendmentDue).where(AmendmentDue.amendment_id == row.id).order_by(AmendmentDue.obligation_id)
    for due in db.session.execute(dues).scalars().all():
        _move_due(due, actor=actor, now=now)
    _decide(row, _S.APPROVED, decided_on, answer, actor=actor, now=now)


def refuse(
    amendment_id: int, *, decided_on: date, answer: str, version: int | None = None, actor: Actor, now: datetime
) -> None:
    """The funder does not agree: everything stays. The draft of a budget is free to be changed again."""
    row = _to_decide(amendment_id, decided_on, version, now)
    if not answer.strip():
        raise Invalid(N_("Write down what the funder said."), field="answer")
    _decide(row, _S.REFUSED, decided_on, answer, actor=actor, now=now)


def _to_decide(amendment_id: int, decided_on: date, version: int | None, now: datetime) -> Amendment:
    row = locked(Amendment, amendment_id)
    check_version(row.version, version)
    if row.state is not _S.REQUESTED:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)
    if decided_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="decided_on")
    if decided_on < row.requested_on:
        raise Invalid(N_("This is before the day it was asked."), field="decided_on")
    return row


def _move_due(due: AmendmentDue, *, actor: Actor, now: datetime) -> None:
    """Through the obligations' own service, so that what hangs on the date moves along."""
    duty = locked(Obligation, due.obligation_id)
    if duty.state not in TO_DELIVER:
        return  # delivered meanwhile: its date is history
    facts = {name: getattr(duty, name) for name in ObligationPlan.__dataclass_fields__}
    facts["due_on"] = due.due_on
    if facts["internal_due_on"] is not None:
        facts["internal_due_on"] += due.due_on - duty.due_on
    obligations.change(duty.id, ObligationPlan(**facts), version=None, actor=actor, now=now)


def _write(grant: Grant, values: dict[str, object], *, actor: Actor, now: datetime) -> None:
    for name, value in values.items():
        setattr(grant, name, value)
    changes = audit.changes_of(grant)
    grant.version += 1
    db.session.flush()
    audit.record("grant.changed", ("grant_award", grant.id), actor=actor, now=now, changes=changes)


def _decide(row: Amendment, state: AmendmentState, on: date, answer: str, *, actor: Actor, now: datetime) -> None:
    AMENDMENT_MOVES.check(row.state, state)
    before = row.state
    row.state, row.decided_on, row.answer = state, on, answer.strip()
    row.version += 1
    db.session.flush()
    _tell(row, before, actor=actor, now=now, note=row.answer)
    chores.settle(row, actor=actor, now=now)


def _tell(row: Amendment, before: AmendmentState | None, *, actor: Actor, now: datetime, note: str) -> None:
    db.session.add(AmendmentMove(amendment_id=row.id, **move_facts(before, row.state, actor=actor, now=now, note=note)))
    told: dict[str, object] = {"kind": row.kind.value, "amendment": row.id}
    told |= {"note": note} if note else {}
    action = {_S.REQUESTED: "asked", _S.APPROVED: "approved", _S.REFUSED: "refused"}[row.state]
    audit.record(f"amendment.{action}", ("grant_award", row.grant_id), actor=actor, now=now, changes=told)
