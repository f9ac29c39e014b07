"""What a partner owes us for a sub-grant: planned, delivered, judged. Inside `with writing():`."""

from __future__ import annotations

from datetime import date, datetime

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid
from app.base.states import N_
from app.extensions import db
from app.grants.history import facts as move_facts
from app.grants.partners import mails, money_queries
from app.grants.partners.models import DUTY_MOVES, DutyState, SubGrantDuty, SubGrantDutyMove
from app.grants.partners.sub_grants import held_open
from app.grants.rows import check_version, locked

# Steps that ask for words, and what is said where there are none.
WHY = {
    DutyState.RETURNED: N_("Write down what should change."),
    DutyState.WAIVED: N_("Say why it is not needed any more."),
}


def plan(sub_grant_id: int, title: str, due_on: date, *, actor: Actor, now: datetime) -> int:
    """One more thing that the partner owes us: a report, a statement."""
    row = held_open(sub_grant_id)
    if not title.strip():
        raise Invalid(N_("Please fill this in."), field="title")
    duty = SubGrantDuty(
        sub_grant_id=row.id, title=title.strip(), due_on=due_on, state=DutyState.PLANNED, version=1, created_at=now
    )
    db.session.add(duty)
    db.session.flush()
    db.session.add(SubGrantDutyMove(duty_id=duty.id, **move_facts(None, DutyState.PLANNED, actor=actor, now=now)))
    told = {"title": duty.title, "due_on": due_on.isoformat()}
    audit.record("sub_grant.duty_planned", ("sub_grant", row.id), actor=actor, now=now, changes=told)
    return duty.id


def move(
    duty_id: int, state: DutyState, *, version: int | None = None, note: str = "", actor: Actor, now: datetime
) -> int:
    """Delivered, accepted, sent back (the note says why, by mail too), waived (with the reason), asked again;
    gives the sub-grant's id. Refused once that is closed or cancelled."""
    duty = held(duty_id)
    check_version(duty.version, version)
    DUTY_MOVES.check(duty.state, state)
    note = note.strip()
    if state in WHY and not note:
        raise Invalid(WHY[state], field="note")
    shift(duty, state, note=note, actor=actor, now=now)
    if state is DutyState.RETURNED:
        mails.tell_returned(duty, note, actor=actor, now=now)
    if state is DutyState.ACCEPTED:
        mails.thank(duty, actor=actor, now=now)
    return duty.sub_grant_id


def held(duty_id: int) -> SubGrantDuty:
    """The duty, held with its sub-grant: nothing of it moves while that is closed."""
    held_open(money_queries.duty(duty_id).sub_grant_id)
    return locked(SubGrantDuty, duty_id)


def shift(duty: SubGrantDuty, state: DutyState, *, note: str = "", actor: Actor, now: datetime) -> None:
    before = duty.state
    DUTY_MOVES.check(before, state)
    duty.state = state
    duty.version += 1
    db.session.flush()
    db.session.add(SubGrantDutyMove(duty_id=duty.id, **move_facts(before, state, actor=actor, now=now, note=note)))
    told = {"title": duty.title, "state": [before.value, state.value]} | ({"note": note} if note else {})
    audit.record("sub_grant.duty_moved", ("sub_grant", duty.sub_grant_id), actor=actor, now=now, changes=told)
