"""Writing down what passed between us and a supporter; complaints with their handling."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import delete

from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.supporters import tokens
from app.supporters.interaction_models import (
    COMPLAINT_MOVES,
    ComplaintState,
    ComplaintStep,
    Interaction,
    InteractionKind,
)
from app.supporters.services import loaded, touch

COMPLAINT_DAYS = 28  # four weeks to answer, the usual term of a complaints procedure


def add(
    supporter_id: int, kind: InteractionKind, *, subject: str, body: str = "", happened_at: datetime | None = None,
    due_on: date | None = None, assignee_id: int | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Write down a note, call, meeting, letter, taking part or complaint. A complaint gets a day to answer by."""
    supporter = loaded(supporter_id)
    if happened_at is not None and happened_at > now + timedelta(days=1):
        raise Invalid(N_("This day is still to come."), field="happened_on")
    is_complaint = kind is InteractionKind.COMPLAINT
    row = Interaction(
        id=new_id(), supporter_id=supporter_id, kind=kind, subject=subject, body=body,
        happened_at=happened_at or now, by_id=actor.id, created_at=now,
        complaint_state=ComplaintState.OPEN if is_complaint else None,
        due_on=(due_on or local_date(now) + timedelta(days=COMPLAINT_DAYS)) if is_complaint else None,
        assignee_id=(assignee_id or actor.id) if is_complaint else None,
    )  # fmt: skip
    db.session.add(row)
    if is_complaint:
        _step(row, ComplaintState.OPEN, "", actor, now)
    tokens.write([tokens.note_words(supporter_id, row.id, subject, body)])
    touch(supporter, f"supporter.{kind.value}_added", actor=actor, now=now, changes={"subject": [None, subject]})
    return row.id


def correct(interaction_id: int, *, subject: str, body: str, actor: Actor, now: datetime) -> None:
    """Change the text of a note."""
    row = _loaded(interaction_id)
    told = {"subject": [row.subject, subject]} | ({"body": [row.body, body]} if body != row.body else {})
    row.subject, row.body = subject, body
    tokens.rewrite(tokens.note_words(row.supporter_id, row.id, subject, body))
    touch(loaded(row.supporter_id), "supporter.note_changed", actor=actor, now=now, changes=told)


def remove(interaction_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a note away, for what should never have been written down."""
    row = _loaded(interaction_id)
    supporter = loaded(row.supporter_id)
    tokens.forget([row.id])
    db.session.execute(delete(ComplaintStep).where(ComplaintStep.interaction_id == row.id))
    db.session.delete(row)
    touch(supporter, "supporter.note_removed", actor=actor, now=now, changes={"kind": [row.kind.value, None]})


def move_complaint(interaction_id: int, state: ComplaintState, *, note: str = "", actor: Actor, now: datetime) -> None:
    """The next step of a complaint. Resolving it needs a word on how."""
    row = _loaded(interaction_id)
    if row.complaint_state is None:
        raise NotFound(N_("This is not a complaint."))
    COMPLAINT_MOVES.check(row.complaint_state, state)
    if state is ComplaintState.RESOLVED:
        if not note.strip():
            raise Invalid(N_("Say how the complaint was resolved."), field="note")
        row.resolution, row.resolved_at = note, now
    else:
        row.resolved_at = None
    told = {"complaint": [row.complaint_state.value, state.value]}
    row.complaint_state = state
    _step(row, state, note, actor, now)
    touch(loaded(row.supporter_id), "supporter.complaint_moved", actor=actor, now=now, changes=told)


def plan_complaint(interaction_id: int, due_on: date, assignee_id: int | None, *, actor: Actor, now: datetime) -> None:
    """Who answers a complaint and by when."""
    row = _loaded(interaction_id)
    if row.complaint_state is None:
        raise NotFound(N_("This is not a complaint."))
    told = {"due_on": [row.due_on, due_on], "assignee_id": [row.assignee_id, assignee_id]}
    row.due_on, row.assignee_id = due_on, assignee_id
    touch(loaded(row.supporter_id), "supporter.complaint_planned", actor=actor, now=now, changes=told)


def _loaded(interaction_id: int) -> Interaction:
    row = db.session.get(Interaction, interaction_id)
    if row is None:
        raise NotFound(N_("This note does not exist."))
    return row


def _step(row: Interaction, state: ComplaintState, note: str, actor: Actor, now: datetime) -> None:
    db.session.flush()
    db.session.add(ComplaintStep(id=new_id(), interaction_id=row.id, state=state, note=note, at=now, by_id=actor.id))
