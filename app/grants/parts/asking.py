"""Ask the parts of a report: of partners by mail, of ourselves on the board. Inside `with writing():`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid, Refused
from app.base.ids import new_ids
from app.base.states import N_
from app.extensions import db
from app.grants.history import facts as move_facts
from app.grants.obligations.models import TO_DELIVER, Obligation
from app.grants.partners.models import GrantPartner
from app.grants.parts import chains, tasks
from app.grants.parts.dates import Spans
from app.grants.parts.models import PartFigure, PartKind, PartMove, PartState, ReportPart
from app.grants.rows import locked
from app.supporters import queries as supporters

MOST_PARTS = 200  # of one obligation
MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class LineAsked:
    """A figure to fill in: a budget line, or a line of our own wording."""

    label: str
    budget_line_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One part to ask; each chosen partner gets its own."""

    kind: PartKind
    title: str
    question: str = ""
    max_characters: int | None = None
    target: str = ""
    lines: tuple[LineAsked, ...] = ()


def ask(
    obligation_id: int,
    questions: Sequence[Question],
    partner_ids: Sequence[int | None],
    spans: Spans,
    *,
    asked_on: date | None = None,
    actor: Actor,
    now: datetime,
) -> list[int]:
    """Explode an obligation: every question to every chosen partner (None: ourselves), with dates
    counted back from the funder's and a link by mail. Asked again, it adds; gives the new parts' ids."""
    obligation = locked(Obligation, obligation_id)
    if obligation.grant_id is None:
        raise Refused(N_("Only the reports of a grant have parts."))
    if obligation.state not in TO_DELIVER:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=obligation.state.label)
    _check(questions, partner_ids)
    partners = _partners(obligation.grant_id, [each for each in partner_ids if each is not None])
    before = _position(obligation_id)
    if before + len(questions) * len(partner_ids) > MOST_PARTS:
        raise Invalid(N_("At most %(most)s parts for one report."), field="questions", most=MOST_PARTS)
    chain = chains.of(obligation_id)
    if chain is None:
        chains.begin(obligation, spans, asked_on=asked_on, actor=actor, now=now)
    ids = _insert(obligation_id, questions, partner_ids, before, actor=actor, now=now)
    asked = [tasks.hand_out(partner, email, now=now, obligation_id=obligation_id) for partner, email in partners]
    for task in asked:
        task.revoked_at = None
    tasks.mail(asked, "grants/part_asked", now=now, key=f"grants.part_asked:{ids[0]}")
    told = {"parts": len(ids), "partners": len(partners)}
    audit.record("obligation.parts_asked", ("obligation", obligation_id), actor=actor, now=now, changes=told)
    return ids


def _check(questions: Sequence[Question], partner_ids: Sequence[int | None]) -> None:
    if not partner_ids:
        raise Invalid(N_("Choose at least one partner."), field="partners")
    if not questions:
        raise Invalid(N_("Ask at least one thing."), field="questions")
    for place, question in enumerate(questions):
        if not question.title.strip():
            raise Invalid(N_("Give this part a name."), field=f"questions-{place}-title")
        if question.max_characters is not None and question.max_characters < 1:
            raise Invalid(N_("The most characters is a number above zero."), field=f"questions-{place}-max_characters")
        if question.kind is PartKind.FIGURES and not question.lines:
            raise Invalid(N_("Say which figures, one line for each."), field=f"questions-{place}-question")
        if len(question.lines) > MOST_LINES:
            raise Invalid(
                N_("At most %(most)s lines of figures."), field=f"questions-{place}-question", most=MOST_LINES
            )


def _partners(grant_id: int, ids: Sequence[int]) -> list[tuple[GrantPartner, str]]:
    """The chosen partners with the address to write to. Raises Invalid for one that is not this
    grant's or has no address."""
    found = select(GrantPartner).where(GrantPartner.id.in_(ids), GrantPartner.grant_id == grant_id)
    rows = {row.id: row for row in db.session.execute(found.order_by(GrantPartner.id)).scalars()}
    if set(ids) - set(rows):
        raise Invalid(N_("Please choose one of the options."), field="partners")
    known = supporters.primary_emails([row.supporter_id for row in rows.values()])
    names = supporters.names([row.supporter_id for row in rows.values()])
    pairs = [(row, row.contact_email or known.get(row.supporter_id, "")) for row in rows.values()]
    for row, email in pairs:
        if not email:
            raise Invalid(
                N_("%(partner)s has no e-mail address yet. Fill it in with the partner first."),
                field="partners",
                partner=names[row.supporter_id],
            )
    return pairs


def _position(obligation_id: int) -> int:
    counted = select(func.count()).select_from(ReportPart).where(ReportPart.obligation_id == obligation_id)
    return int(db.session.execute(counted).scalar_one())


def _insert(
    obligation_id: int,
    questions: Sequence[Question],
    partner_ids: Sequence[int | None],
    before: int,
    *,
    actor: Actor,
    now: datetime,
) -> list[int]:
    ids = new_ids(len(questions) * len(partner_ids))
    free = iter(ids)
    figures: list[PartFigure] = []
    for place, question in enumerate(questions):
        for partner_id in partner_ids:
            part_id = next(free)
            db.session.add(
                ReportPart(
                    id=part_id,
                    obligation_id=obligation_id,
                    partner_id=partner_id,
                    position=before + place + 1,
                    kind=question.kind,
                    title=question.title.strip(),
                    question=question.question.strip(),
                    max_characters=question.max_characters,
                    target=question.target.strip(),
                    answer="",
                    state=PartState.ASKED,
                    state_since=now,
                    version=1,
                    created_at=now,
                )
            )
            figures += [
                PartFigure(part_id=part_id, position=number, budget_line_id=line.budget_line_id, label=line.label[:200])
                for number, line in enumerate(question.lines, start=1)
            ]
    db.session.flush()
    db.session.add_all(figures)
    db.session.add_all(
        PartMove(part_id=part_id, **move_facts(None, PartState.ASKED, actor=actor, now=now)) for part_id in ids
    )
    return ids
