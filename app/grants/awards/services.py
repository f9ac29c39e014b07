"""Award a grant and follow its execution. Inside the caller's `with writing():`.

Nothing of a grant is in the books before finance confirms it (`confirm`), and from then on what was
booked stands: amount, rule, line, programme and instalments change by amendment only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.events import publish
from app.base.states import N_
from app.extensions import db
from app.grants.applications import services as applications
from app.grants.applications.models import STAGES, Application, Stage
from app.grants.awards import plans
from app.grants.awards.facts import GrantFacts, check, refuse_all_at_once, write
from app.grants.awards.models import GRANT_MOVES, Grant, GrantMove, GrantState
from app.grants.awards.plans import InstalmentPlan, ObligationPlan
from app.grants.awards.spread import lands_at_once
from app.grants.events import DeadlinesMoved
from app.grants.funders.models import Funder
from app.grants.history import facts as move_facts
from app.grants.instalments import booking, planning, release
from app.grants.instalments.models import OPEN_INSTALMENTS, Instalment, InstalmentState, Receipt
from app.grants.obligations import services as obligations
from app.grants.obligations.models import TO_DELIVER, Obligation, ObligationState
from app.grants.recognition import services as recognition
from app.grants.rows import cents_sum, check_version, locked, locked_all
from app.grants.settlements.standing import refuse_settled
from app.ledger.queries import grant_balance

_S = GrantState
BOOKED = ("amount_cents", "decided_on", "programme_id", "fund_id", "income_line", "recognition")
BY_SERVICE = (_S.CLAWBACK, _S.TURNED_BACK)  # a settlement and turning back move the grant themselves


def award(
    application_id: int,
    facts: GrantFacts,
    instalments: Sequence[InstalmentPlan],
    duties: Sequence[ObligationPlan],
    *,
    version: int | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """The funder says yes: the application becomes a grant with its instalments and obligations."""
    application = locked(Application, application_id)
    check_version(application.version, version)
    STAGES.check(application.stage, Stage.AWARDED)
    funder = locked(Funder, application.funder_id)
    check(facts, funder, now)
    cents = plans.check(instalments, duties, facts.amount_cents)
    refuse_all_at_once(facts, (plan.contribution_year or plan.expected_on.year for plan in instalments))
    grant = Grant(
        application_id=application.id,
        funder_id=funder.id,
        state=_S.CONTRACTING,
        state_since=now,
        created_at=now,
        version=1,
    )
    write(grant, facts, funder)
    db.session.add(grant)
    db.session.flush()
    db.session.add(GrantMove(grant_id=grant.id, **move_facts(None, grant.state, actor=actor, now=now)))
    told = {"amount_cents": grant.amount_cents, "recognition": grant.recognition.value}
    audit.record("grant.awarded", ("grant_award", grant.id), actor=actor, now=now, changes=told)
    applications.shift(application, Stage.AWARDED, actor=actor, now=now)
    duty_ids = obligations.plan(duties, grant_id=grant.id, actor=actor, now=now)
    planning.plan(grant, instalments, cents, duty_ids, actor=actor, now=now)
    if grant.agreed_on:
        sign(grant.id, agreed_on=grant.agreed_on, actor=actor, now=now)
    return grant.id


def change(grant_id: int, facts: GrantFacts, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Correct a grant. Once confirmed, what is in the books stands."""
    grant = locked(Grant, grant_id)
    check_version(grant.version, version)
    funder = locked(Funder, grant.funder_id)
    check(facts, funder, now)
    planned = select(cents_sum(Instalment.amount_cents)).where(Instalment.grant_id == grant.id)
    if facts.amount_cents < db.session.execute(planned).scalar_one():
        raise Invalid(N_("The instalments come to more than the grant."), field="amount")
    # Of what is in the books too: a longer period makes it the money of several years.
    if grant.confirmed_at is None or (facts.starts_on, facts.ends_on) != (grant.starts_on, grant.ends_on):
        of_grant = select(Instalment.contribution_year).where(Instalment.grant_id == grant.id)
        refuse_all_at_once(facts, db.session.execute(of_grant).scalars())
    write(grant, facts, funder)
    changes = audit.changes_of(grant)
    if grant.confirmed_at is not None and any(name in changes for name in BOOKED):
        raise Refused(N_("This is in the books: finance takes the confirmation back before it changes."))
    if changes:
        grant.version += 1
        db.session.flush()
        audit.record("grant.changed", ("grant_award", grant.id), actor=actor, now=now, changes=changes)
        if "ends_on" in changes:
            publish(DeadlinesMoved(ids=(grant.id,), subject="grant_award", actor=actor, at=now))


def sign(grant_id: int, *, agreed_on: date, version: int | None = None, actor: Actor, now: datetime) -> None:
    """The agreement is signed: the grant is active, and instalments that waited for it are due."""
    grant = locked(Grant, grant_id)
    check_version(grant.version, version)
    if grant.state is not _S.CONTRACTING:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=grant.state.label)
    if agreed_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="agreed_on")
    grant.agreed_on = agreed_on
    shift(grant, _S.ACTIVE, actor=actor, now=now)
    release.for_signature(grant.id, on=agreed_on, actor=actor, now=now)


def move(
    grant_id: int, state: GrantState, *, note: str = "", version: int | None = None, actor: Actor, now: datetime
) -> None:
    """Go on to reporting, close, terminate, take back. Signing and extending have services of their own."""
    grant = locked(Grant, grant_id)
    check_version(grant.version, version)
    GRANT_MOVES.check(grant.state, state)
    by_form = state is _S.EXTENDED or grant.state is _S.CONTRACTING and state is _S.ACTIVE
    if by_form or state in BY_SERVICE or grant.state is _S.CLAWBACK and state is not _S.CLOSED:
        raise Invalid(N_("This step asks for a little more: use its own button."), field="state")
    if state is _S.TERMINATED and not note.strip():
        raise Invalid(N_("Say why, and what was agreed with the funder."), field="note")
    if state is _S.CLOSED:
        refuse_loose_ends(grant)
    shift(grant, state, note=note.strip(), actor=actor, now=now)
    if state is _S.TERMINATED:
        for before in (InstalmentState.CONDITIONAL, InstalmentState.DUE, InstalmentState.REQUESTED):
            held = select(Instalment.id).where(Instalment.grant_id == grant.id, Instalment.state == before)
            ids = db.session.execute(held.with_for_update()).scalars().all()
            values = {"withheld_on": local_date(now)}
            release.advance(ids, before, InstalmentState.WITHHELD, values, actor=actor, now=now, note=note.strip())


def extend(grant_id: int, *, ends_on: date, note: str, version: int | None = None, actor: Actor, now: datetime) -> None:
    """The funder gives more time. Dates of obligations stay as they are: staff move them one by one."""
    grant = locked(Grant, grant_id)
    check_version(grant.version, version)
    GRANT_MOVES.check(grant.state, _S.EXTENDED)
    if ends_on <= grant.ends_on:
        raise Invalid(N_("An extension ends later than the grant does now."), field="ends_on")
    if not note.strip():
        raise Invalid(N_("Write down what was agreed, and with whom."), field="note")
    grant.ends_on = ends_on
    shift(grant, _S.EXTENDED, note=note.strip(), actor=actor, now=now)
    publish(DeadlinesMoved(ids=(grant.id,), subject="grant_award", actor=actor, at=now))


def confirm(grant_ids: Sequence[int], *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """Finance agrees: the grants are booked by their rule of recognition. Again: nothing changes.

    `version` is the one finance was looking at, where it is about one grant.
    """
    rows = [grant for grant in locked_all(Grant, grant_ids) if grant.confirmed_at is None]
    parts: dict[int, list[Instalment]] = {grant.id: [] for grant in rows}
    found = select(Instalment).where(Instalment.grant_id.in_(parts)).order_by(Instalment.grant_id, Instalment.position)
    for part in db.session.execute(found.with_for_update()).scalars():
        parts[part.grant_id].append(part)
    today = local_date(now)
    for grant in rows:
        check_version(grant.version, version)
        if grant.state in (_S.TERMINATED, _S.TURNED_BACK):
            raise Refused(N_("This grant was terminated: there is nothing to confirm."))
        if sum(part.amount_cents for part in parts[grant.id]) != grant.amount_cents:
            raise Refused(N_("The instalments do not add up to the grant yet. Plan the rest first."))
        years = (part.contribution_year for part in parts[grant.id])
        if not grant.all_at_once and lands_at_once(grant.recognition, grant.starts_on, grant.ends_on, years):
            raise Refused(N_("The money of several years would be income of one. Edit the grant: choose another rule."))
        grant.confirmed_at, grant.confirmed_by_id = now, actor.id
        grant.version += 1
    pairs = [(g, part) for g in rows for part in parts[g.id] if booking.has_come(g, part, today)]
    booking.recognise(pairs, actor=actor, now=now)
    db.session.flush()
    recognition.follow([grant.id for grant in rows], actor=actor, now=now)
    traces = [audit.Trace(action="grant.confirmed", subject=("grant_award", grant.id)) for grant in rows]
    audit.record_many(traces, actor=actor, now=now)


def take_back_confirmation(
    grant_id: int, reason: str, *, version: int | None = None, actor: Actor, now: datetime
) -> None:
    """The confirmation was a mistake: what was booked is reversed. Not once money was received."""
    grant = locked(Grant, grant_id)
    check_version(grant.version, version)
    refuse_settled(grant.id)
    if grant.confirmed_at is None:
        raise Refused(N_("This grant is not confirmed."))
    if not reason.strip():
        raise Invalid(N_("Say why it is taken back."), field="reason")
    parts = select(Instalment).where(Instalment.grant_id == grant.id).order_by(Instalment.id).with_for_update()
    rows = db.session.execute(parts).scalars().all()
    money = select(Receipt.id).where(Receipt.instalment_id.in_([row.id for row in rows]), Receipt.reversed_at.is_(None))
    if db.session.execute(money.limit(1)).first() or any(row.state is InstalmentState.SETTLED for row in rows):
        raise Refused(N_("Money was received or settled: take that back first."))
    for row in rows:
        booking.take_back(row, on=local_date(now), actor=actor, now=now)
    recognition.take_back(grant, on=local_date(now), actor=actor, now=now)
    grant.confirmed_at = grant.confirmed_by_id = None
    grant.version += 1
    db.session.flush()
    told = {"reason": reason.strip()}
    audit.record("grant.confirmation_taken_back", ("grant_award", grant.id), actor=actor, now=now, changes=told)


def shift(grant: Grant, state: GrantState, *, note: str = "", actor: Actor, now: datetime) -> None:
    """Move a row that is held, with its history row; the transition table decides."""
    before = grant.state
    GRANT_MOVES.check(before, state)
    grant.state, grant.state_since = state, now
    grant.version += 1
    changes = audit.changes_of(grant)
    db.session.flush()
    db.session.add(GrantMove(grant_id=grant.id, **move_facts(before, state, actor=actor, now=now, note=note)))
    told = {name: pair for name, pair in changes.items() if name in ("state", "ends_on", "agreed_on")}
    audit.record(
        "grant.moved", ("grant_award", grant.id), actor=actor, now=now, changes=told | ({"note": note} if note else {})
    )


def refuse_loose_ends(grant: Grant) -> None:
    """A grant is closed when every report is accepted, every instalment received or settled, and nothing owed."""
    waiting = (*TO_DELIVER, ObligationState.SUBMITTED)
    duties = select(func.count()).where(Obligation.grant_id == grant.id, Obligation.state.in_(waiting))
    money = select(func.count()).where(Instalment.grant_id == grant.id, Instalment.state.in_(OPEN_INSTALMENTS))
    if count := db.session.execute(duties).scalar_one():
        raise Refused(N_("Not yet: %(count)s obligations are not accepted or waived."), count=count)
    if count := db.session.execute(money).scalar_one():
        raise Refused(N_("Not yet: %(count)s instalments are not received or settled."), count=count)
    if grant_balance(grant.id).repayable:
        raise Refused(N_("Not yet: the funder waits for money that is to be paid back."))
