"""Plan, deliver and settle obligations. Inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.events import publish
from app.base.states import N_
from app.documents import services as documents
from app.documents.files import StoredFile
from app.documents.models import Document
from app.extensions import db
from app.grants.applications.models import Application
from app.grants.awards.models import Grant, GrantState
from app.grants.awards.plans import ObligationPlan, check_obligation
from app.grants.history import facts as move_facts
from app.grants.instalments import release
from app.grants.obligations import readiness
from app.grants.obligations.events import DueDatesMoved
from app.grants.obligations.models import (
    OBLIGATION_MOVES,
    TO_DELIVER,
    Obligation,
    ObligationMove,
    ObligationState,
)
from app.grants.rows import check_version, locked, must_exist
from app.staff.models import Staff

_S = ObligationState
WORK, PROOF = "work", "proof"  # kinds of documents
WITH_FUNDER = (_S.SUBMITTED, _S.ACCEPTED)
BY_MOVE = (_S.IN_PROGRESS, _S.INTERNAL_REVIEW)  # the others have a form of their own


def plan(
    plans: Sequence[ObligationPlan],
    *,
    application_id: int | None = None,
    grant_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> list[int]:
    """Plan obligations of one application or one grant; gives their ids in the order given."""
    if (application_id is None) == (grant_id is None):
        raise Invalid(N_("An obligation belongs to an application or to a grant."))
    if application_id is not None:
        locked(Application, application_id)
    if grant_id is not None:
        locked(Grant, grant_id)
    rows = []
    for each in plans:
        check_obligation(each, of_grant=grant_id is not None)
        must_exist(Staff, each.assignee_id, field="assignee_id")
        must_exist(Staff, each.reviewer_id, field="reviewer_id")
        row = Obligation(application_id=application_id, grant_id=grant_id, state=_S.PLANNED, created_at=now, version=1)
        _write(row, each)
        rows.append(row)
    db.session.add_all(rows)
    db.session.flush()
    db.session.add_all(
        ObligationMove(obligation_id=row.id, **move_facts(None, _S.PLANNED, actor=actor, now=now)) for row in rows
    )
    audit.record_many(
        [
            audit.Trace(
                action="obligation.planned",
                subject=("obligation", row.id),
                changes={"kind": row.kind.value, "due_on": row.due_on.isoformat()},
            )
            for row in rows
        ],
        actor=actor,
        now=now,
    )
    return [row.id for row in rows]


def change(obligation_id: int, facts: ObligationPlan, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Change dates, people or words. Moving the due date lets the reminders count anew.

    An internal date that was left as it is moves along where the funder's comes before it.
    """
    row = locked(Obligation, obligation_id)
    check_version(row.version, version)
    internal = facts.internal_due_on
    if internal and internal == row.internal_due_on and facts.due_on < internal:
        facts = replace(facts, internal_due_on=facts.due_on)
    check_obligation(facts, of_grant=row.grant_id is not None)
    must_exist(Staff, facts.assignee_id, field="assignee_id")
    must_exist(Staff, facts.reviewer_id, field="reviewer_id")
    _write(row, facts)
    if changes := audit.changes_of(row):
        row.version += 1
        db.session.flush()
        audit.record("obligation.changed", ("obligation", row.id), actor=actor, now=now, changes=changes)
        if "due_on" in changes:
            publish(DueDatesMoved(ids=(row.id,), actor=actor, at=now))


def move(
    obligation_id: int,
    state: ObligationState,
    *,
    note: str = "",
    version: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Start work, hand over for review, or hand back."""
    row = locked(Obligation, obligation_id)
    check_version(row.version, version)
    OBLIGATION_MOVES.check(row.state, state)
    if state not in BY_MOVE:
        raise Invalid(N_("This step asks for a little more: use its own button."), field="state")
    if state is _S.INTERNAL_REVIEW:
        readiness.require(row.id)
    _shift(row, state, note=note, actor=actor, now=now)


def submit(
    obligation_id: int,
    *,
    submitted_on: date,
    proof: str = "",
    version: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """It went to the funder. Proof is a text (a confirmation number) or a file that is attached as proof."""
    row = locked(Obligation, obligation_id)
    check_version(row.version, version)
    refuse_accepted(row)
    OBLIGATION_MOVES.check(row.state, _S.SUBMITTED)
    if submitted_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="submitted_on")
    readiness.require(row.id)
    proofs = [each for each in documents.documents_of("obligation", row.id) if each.kind == PROOF]
    if not proof.strip() and not proofs:
        raise Invalid(N_("Keep a proof: the portal's confirmation, to whom it was mailed, or a file."), field="proof")
    row.submitted_on, row.proof = submitted_on, proof.strip() or row.proof
    _shift(row, _S.SUBMITTED, actor=actor, now=now)


def accept(
    obligation_id: int, *, accepted_on: date, version: int | None = None, actor: Actor, now: datetime
) -> list[int]:
    """The funder accepts it. Instalments that waited for it become due; gives their ids."""
    row = locked(Obligation, obligation_id)
    check_version(row.version, version)
    OBLIGATION_MOVES.check(row.state, _S.ACCEPTED)
    if accepted_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="accepted_on")
    if row.submitted_on and accepted_on < row.submitted_on:
        raise Invalid(N_("This is before the day it was submitted."), field="accepted_on")
    row.accepted_on = accepted_on
    _shift(row, _S.ACCEPTED, actor=actor, now=now)
    return release.for_report(row.id, on=accepted_on, actor=actor, now=now)


def refuse_accepted(row: Obligation) -> None:
    """What is accepted is not submitted anew: the acceptance is taken back first."""
    if row.state is _S.ACCEPTED:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)


def take_back_acceptance(
    obligation_id: int, reason: str, *, version: int | None = None, actor: Actor, now: datetime
) -> list[int]:
    """The funder did not accept it after all: it lies with them again, and instalments that were due by it and not
    asked for yet wait again; gives their ids. Refused where the grant is closed: it ended with all of it accepted."""
    row = locked(Obligation, obligation_id)
    check_version(row.version, version)
    if row.state is not _S.ACCEPTED:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)
    if not reason.strip():
        raise Invalid(N_("Say why it is taken back."), field="note")
    grant = db.session.get(Grant, row.grant_id) if row.grant_id else None
    if grant is not None and grant.state is GrantState.CLOSED:
        raise Refused(N_("This grant is closed: what was accepted stands."))
    row.accepted_on = None
    _shift(row, _S.SUBMITTED, note=reason.strip(), actor=actor, now=now)
    return release.take_back_report(row.id, actor=actor, now=now)


def ask_revision(
    obligation_id: int,
    note: str,
    *,
    due_on: date | None = None,
    version: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """The funder wants it changed, perhaps by a new date."""
    row = locked(Obligation, obligation_id)
    check_version(row.version, version)
    OBLIGATION_MOVES.check(row.state, _S.REVISION_REQUESTED)
    if not note.strip():
        raise Invalid(N_("Write down what the funder asks."), field="note")
    if due_on is not None:
        row.due_on = due_on
        if row.internal_due_on and row.internal_due_on > due_on:
            row.internal_due_on = due_on
    _shift(row, _S.REVISION_REQUESTED, note=note.strip(), actor=actor, now=now)
    if due_on is not None:
        publish(DueDatesMoved(ids=(row.id,), actor=actor, at=now))


def waive(obligation_id: int, reason: str, *, version: int | None = None, actor: Actor, now: datetime) -> list[int]:
    """The funder does not ask it any more. What waited for it waits no longer; gives those ids."""
    row = locked(Obligation, obligation_id)
    check_version(row.version, version)
    OBLIGATION_MOVES.check(row.state, _S.WAIVED)
    if not reason.strip():
        raise Invalid(N_("Say who waived it, and why."), field="reason")
    row.waived_reason = reason.strip()
    _shift(row, _S.WAIVED, note=reason.strip(), actor=actor, now=now)
    return release.for_report(row.id, on=local_date(now), actor=actor, now=now)


def take_up_again(obligation_id: int, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """It was waived by mistake: it is planned again, and what was released but not yet asked for waits again."""
    row = locked(Obligation, obligation_id)
    check_version(row.version, version)
    OBLIGATION_MOVES.check(row.state, _S.PLANNED)
    _shift(row, _S.PLANNED, actor=actor, now=now)
    release.take_back_report(row.id, actor=actor, now=now)


def attach(obligation_id: int, file: StoredFile, *, proof: bool = False, actor: Actor, now: datetime) -> Document:
    """Keep a stored file with the obligation, as work in progress or as proof of submission."""
    row = locked(Obligation, obligation_id)
    return documents.attach(file, ("obligation", row.id), PROOF if proof else WORK, actor=actor, now=now)


def take_off(obligation_id: int, document_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """Take a wrong file off, with the reason in the trail. What was submitted keeps a proof: the right one first."""
    row = locked(Obligation, obligation_id)
    mine = documents.documents_of("obligation", row.id)
    if document_id not in {each.id for each in mine}:
        raise NotFound(N_("This file is not here (any more)."))
    if not reason.strip():
        raise Invalid(N_("Say why it is taken off."), field="note")
    left = [each for each in mine if each.kind == PROOF and each.id != document_id]
    if row.state in WITH_FUNDER and not left and not row.proof:
        raise Refused(N_("It is the only proof that this was submitted. Add the right one first."))
    documents.remove(document_id, reason=reason.strip(), actor=actor, now=now)


def is_overdue(row: Obligation, today: date) -> bool:
    """Still ours to deliver after the day it was due. Computed, never stored."""
    return row.state in TO_DELIVER and row.due_on < today


def _write(row: Obligation, plan: ObligationPlan) -> None:
    for name in ObligationPlan.__dataclass_fields__:
        setattr(row, name, getattr(plan, name))


def _shift(row: Obligation, state: ObligationState, *, note: str = "", actor: Actor, now: datetime) -> None:
    before = row.state
    OBLIGATION_MOVES.check(before, state)
    row.state = state
    row.version += 1
    db.session.flush()
    db.session.add(ObligationMove(obligation_id=row.id, **move_facts(before, state, actor=actor, now=now, note=note)))
    changes: dict[str, Any] = {"state": [before.value, state.value]}
    if note:
        changes["note"] = note
    audit.record("obligation.moved", ("obligation", row.id), actor=actor, now=now, changes=changes)
