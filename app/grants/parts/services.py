"""Write, deliver, accept and send back a part. Inside the caller's `with writing():`.

A partner and our own staff use the same services; `who` is the name the history shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id, stable_id
from app.base.money import format_money
from app.base.states import N_
from app.documents import services as documents
from app.documents.files import StoredFile
from app.documents.models import Document
from app.extensions import db
from app.grants.history import facts as move_facts
from app.grants.obligations.models import TO_DELIVER, Obligation
from app.grants.parts import delivery, tasks
from app.grants.parts.models import (
    PART_MOVES,
    WITH_PARTNER,
    PartComment,
    PartFigure,
    PartKind,
    PartMove,
    PartState,
    PartTask,
    PartText,
    ReportPart,
)
from app.grants.parts.queries import FILES_OF
from app.grants.rows import check_version, locked

_S = PartState
MOST_FILES = 20


@dataclass(frozen=True, slots=True)
class Content:
    """What somebody filled in: a text, cents by figure id (None: empty), and the total they state."""

    answer: str = ""
    figures: Mapping[int, int | None] = field(default_factory=dict)
    total_cents: int | None = None


def save(
    part_id: int,
    content: Content,
    *,
    submit: bool = False,
    version: int | None,
    who: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep a draft, or deliver. Raises Stale when somebody else saved meanwhile: call `set_aside`."""
    part = locked(ReportPart, part_id)
    check_version(part.version, version)
    _still_theirs(part)
    text_changed = part.answer != content.answer
    part.answer, part.total_cents = content.answer, content.total_cents
    figures = {row.id: row for row in _figures(part_id)}
    for figure_id, cents in content.figures.items():
        if figure_id not in figures:
            raise NotFound(N_("This is not here, or not any more."))
        figures[figure_id].cents = cents
    part.version += 1
    db.session.flush()
    if text_changed:
        _keep_text(part, content.answer, who=who, now=now)
    if submit:
        _check_complete(part, list(figures.values()))
        _shift(part, _S.SUBMITTED, actor=actor, now=now, note=who)
        delivery.tell_us(part, now=now)
    elif part.state is _S.ASKED:
        _shift(part, _S.DRAFT, actor=actor, now=now, note=who)


def set_aside(part_id: int, answer: str, *, who: str, now: datetime) -> None:
    """Keep the words of somebody who came second, beside what is stored."""
    if answer.strip():
        _keep_text(locked(ReportPart, part_id), answer, who=who, now=now, set_aside=True)


def accept(part_id: int, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """It is good. The last part of a partner ends its task: the link lives 30 days more."""
    part = locked(ReportPart, part_id)
    check_version(part.version, version)
    _shift(part, _S.ACCEPTED, actor=actor, now=now)
    delivery.thank(part, now=now)


def send_back(part_id: int, reason: str, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """Ask for another version; the partner reads why. An accepted part too, until the report went out."""
    part = locked(ReportPart, part_id)
    check_version(part.version, version)
    PART_MOVES.check(part.state, _S.RETURNED)
    if not reason.strip():
        raise Invalid(N_("Write down what should change: the partner reads it."), field="note")
    obligation = locked(Obligation, part.obligation_id)
    if obligation.state not in TO_DELIVER:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=obligation.state.label)
    _shift(part, _S.RETURNED, actor=actor, now=now, note=reason.strip())
    if (task := delivery.task_of(part)) is not None and task.revoked_at is None:
        told = {"titles": [part.title], "reason": reason.strip()}
        tasks.mail([task], "grants/part_returned", now=now, key=f"grants.part_returned:{new_id()}", data=told)


def waive(part_id: int, reason: str, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """We do not need it any more."""
    part = locked(ReportPart, part_id)
    check_version(part.version, version)
    PART_MOVES.check(part.state, _S.WAIVED)
    if not reason.strip():
        raise Invalid(N_("Say why it is not needed any more."), field="note")
    _shift(part, _S.WAIVED, actor=actor, now=now, note=reason.strip())


def ask_again(part_id: int, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """We do need it after all."""
    part = locked(ReportPart, part_id)
    check_version(part.version, version)
    _shift(part, _S.ASKED, actor=actor, now=now)


def comment(part_id: int, text: str, *, who: str, actor: Actor, now: datetime, form_key: str = "") -> None:
    """A remark that the partner and we can read. Changes no state. Sent twice with one `form_key`, it is made once."""
    part = locked(ReportPart, part_id)
    if not text.strip():
        raise Invalid(N_("Please fill this in."), field="text")
    remark_id = stable_id(f"remark:{part.id}:{form_key}:{text.strip()}") if form_key else new_id()
    if form_key and db.session.get(PartComment, remark_id):
        return
    staff_id = actor.id if actor.kind == "staff" else None
    made = PartComment(id=remark_id, part_id=part.id, at=now, who=who, staff_id=staff_id, text=text.strip())
    db.session.add(made)
    audit.record("part.commented", ("report_part", part.id), actor=actor, now=now)


def attach(part_id: int, file: StoredFile, *, actor: Actor, now: datetime) -> Document:
    """Keep a stored file with a part that is still being written."""
    part = locked(ReportPart, part_id)
    kept = documents.documents_of(FILES_OF, part_id)
    if same := documents.same_in(kept, file):
        return same
    _still_theirs(part)
    if len(kept) >= MOST_FILES:
        raise Invalid(N_("At most %(most)s files for one part."), field="file", most=MOST_FILES)
    return documents.attach(file, (FILES_OF, part.id), "part", actor=actor, now=now)


def take_off(part_id: int, document_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a file off a part that is still being written."""
    part = locked(ReportPart, part_id)
    _still_theirs(part)
    if document_id not in {each.id for each in documents.documents_of(FILES_OF, part_id)}:
        raise NotFound(N_("This file is not here (any more)."))
    documents.remove(document_id, actor=actor, now=now)


def part_of_task(part_id: int, task: PartTask) -> ReportPart:
    """The part, if it was asked of this partner for this report; else NotFound."""
    part = db.session.get(ReportPart, part_id)
    if part is None or part.obligation_id != task.obligation_id or part.partner_id != task.partner_id:
        raise NotFound(N_("This is not here, or not any more."))
    return part


def _still_theirs(part: ReportPart) -> None:
    if part.state not in WITH_PARTNER:
        raise Refused(N_("This part is %(now)s: it cannot be changed now."), now=part.state.label)


def _check_complete(part: ReportPart, figures: list[PartFigure]) -> None:
    """Refuse to deliver what is not whole. The draft stays with the person: nothing typed is lost."""
    if part.kind in (PartKind.NARRATIVE, PartKind.INDICATOR) and not part.answer.strip():
        raise Invalid(N_("Write your answer first."), field="answer")
    if part.max_characters is not None and len(part.answer) > part.max_characters:
        raise Invalid(
            N_("This text has %(count)s characters; there is room for %(most)s."),
            field="answer",
            count=len(part.answer),
            most=part.max_characters,
        )
    if part.kind is PartKind.FILES and not documents.documents_of(FILES_OF, part.id):
        raise Invalid(N_("Add at least one file first."), field="file")
    if part.kind is PartKind.FIGURES:
        _check_figures(part, figures)


def _check_figures(part: ReportPart, figures: list[PartFigure]) -> None:
    for row in figures:
        if row.cents is None:
            raise Invalid(N_("Fill in every figure; 0 is a figure too."), field=f"figure_{row.id}")
    total = sum(row.cents or 0 for row in figures)
    if part.total_cents is None:
        raise Invalid(N_("Fill in the total too: it is the check on the figures."), field="total")
    if part.total_cents != total:
        raise Invalid(
            N_("The figures come to %(sum)s, and the total says %(total)s. One of them is not right."),
            field="total",
            sum=format_money(total),
            total=format_money(part.total_cents),
        )


def _figures(part_id: int) -> list[PartFigure]:
    return list(
        db.session.execute(
            select(PartFigure).where(PartFigure.part_id == part_id).order_by(PartFigure.position)
        ).scalars()
    )


def _keep_text(part: ReportPart, answer: str, *, who: str, now: datetime, set_aside: bool = False) -> None:
    row = PartText(part_id=part.id, version=part.version, answer=answer, who=who[:200], at=now, set_aside=set_aside)
    db.session.add(row)


def _shift(part: ReportPart, state: PartState, *, actor: Actor, now: datetime, note: str = "") -> None:
    before = part.state
    PART_MOVES.check(before, state)
    part.state, part.state_since = state, now
    part.version += 1
    db.session.flush()
    db.session.add(PartMove(part_id=part.id, **move_facts(before, state, actor=actor, now=now, note=note)))
    changes: dict[str, Any] = {"state": [before.value, state.value]}
    if note:
        changes["note"] = note
    audit.record("part.moved", ("report_part", part.id), actor=actor, now=now, changes=changes)
