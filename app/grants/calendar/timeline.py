"""The rows of the timeline: grants as bars, with what is due and expected on them as marks.

A page of grants at a time, and four statements for all their marks: what the page costs does not
grow with the number of grants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, or_, select

from app.extensions import db
from app.grants.awards.models import Grant, GrantState
from app.grants.calendar.dates import (
    Event,
    Filters,
    What,
    event_of_partner,
    tone_of_instalment,
    tone_of_obligation,
)
from app.grants.calendar.window import Span, Window
from app.grants.funders.models import Funder
from app.grants.instalments.models import Instalment
from app.grants.obligations.models import Obligation
from app.grants.partners import due as partners
from app.grants.partners.models import (
    GrantPartner,
    PassOnState,
    SubGrant,
    SubGrantDuty,
    SubGrantInstalment,
    SubGrantState,
)
from app.supporters.models import Supporter
from app.ui import filters as shown

ROWS = 25  # on one page: what fits on one sheet of paper
MARKS = 1500  # of a kind on one page
_REPORTED = timedelta(days=400)  # how long after its end a grant may still ask for a report


@dataclass(frozen=True, slots=True)
class Row:
    """A grant as a bar. Amount in cents; `bar` is empty where it lies outside the window."""

    id: int
    title: str
    funder: str
    state: GrantState
    cents: int
    starts_on: date
    ends_on: date
    bar: Span | None
    marks: list[Event] = field(default_factory=list)


def grants_in(filters: Filters, window: Window) -> Select[*tuple[Any, ...]]:
    """Grants that run in the window, or ended before it and have something left to deliver or receive in it."""
    pairs = ((Grant.funder_id, filters.funder_id), (Grant.programme_id, filters.programme_id))
    wanted = [column == value for column, value in pairs if value is not None]
    if filters.person_id is not None:
        theirs = (Obligation.assignee_id == filters.person_id) | (Obligation.reviewer_id == filters.person_id)
        made = select(Obligation.id).where(Obligation.grant_id == Grant.id, theirs).exists()
        wanted.append(or_(Grant.owner_id == filters.person_id, made))
    due = select(Obligation.id).where(
        Obligation.grant_id == Grant.id, Obligation.due_on.between(window.start, window.end)
    )
    left = or_(due.exists(), *(each.exists() for each in _of_partners(window)))
    ended = (Grant.ends_on < window.start) & (Grant.ends_on >= window.start - _REPORTED) & left
    return (
        select(
            Grant.id,
            Grant.title,
            Supporter.display_name,
            Grant.state,
            Grant.amount_cents,
            Grant.starts_on,
            Grant.ends_on,
        )
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(Grant.starts_on <= window.end, or_(Grant.ends_on >= window.start, ended), *wanted)
    )


def rows_of(found: Sequence[Any], window: Window, today: date) -> list[Row]:
    """The rows of a page, their marks with them. Four statements."""
    rows: dict[int, Row] = {}
    for each in found:
        row_id, title, funder, state, cents, starts_on, ends_on = tuple(each)[:7]
        runs = starts_on <= window.end and ends_on >= window.start
        bar = window.span(starts_on, ends_on) if runs else None
        rows[row_id] = Row(row_id, title, funder, state, cents, starts_on, ends_on, bar)
    if rows:
        _add_obligations(rows, window, today)
        _add_instalments(rows, window, today)
        _add_partners(rows, window, today)
    for row in rows.values():
        row.marks.sort(key=lambda mark: (mark.day, mark.what.value, mark.row_id))
    return list(rows.values())


def _add_obligations(rows: dict[int, Row], window: Window, today: date) -> None:
    chosen = select(
        Obligation.id, Obligation.grant_id, Obligation.kind, Obligation.title, Obligation.state, Obligation.due_on
    )
    chosen = chosen.where(Obligation.grant_id.in_(rows), Obligation.due_on.between(window.start, window.end))
    for each in db.session.execute(chosen.order_by(Obligation.due_on, Obligation.id).limit(MARKS)):
        row, tone = rows[each.grant_id], tone_of_obligation(each.state, each.due_on, today)
        state = _("too late") if tone == "late" else shown.label(each.state)
        title = each.title or shown.label(each.kind)
        row.marks.append(
            Event(each.due_on, What.OBLIGATION, title, row.funder, row.title, state, tone, "grants.obligation", each.id)
        )


def _add_instalments(rows: dict[int, Row], window: Window, today: date) -> None:
    chosen = select(
        Instalment.id, Instalment.grant_id, Instalment.position, Instalment.amount_cents, Instalment.state,
        Instalment.expected_on,
    ).where(Instalment.grant_id.in_(rows), Instalment.expected_on.between(window.start, window.end))  # fmt: skip
    for each in db.session.execute(chosen.order_by(Instalment.expected_on, Instalment.id).limit(MARKS)):
        row, tone = rows[each.grant_id], tone_of_instalment(each.state, each.expected_on, today)
        row.marks.append(
            Event(
                each.expected_on, What.INSTALMENT, _("Instalment %(number)s", number=each.position), row.funder,
                row.title, shown.label(each.state), tone, "grants.instalment", each.id, cents=each.amount_cents,
            )
        )  # fmt: skip


def _of_partners(window: Window) -> list[Select[*tuple[Any, ...]]]:
    """What partners of the grant owe us and are owed in the window."""
    return [
        select(row.id)
        .join(SubGrant, SubGrant.id == row.sub_grant_id)
        .join(GrantPartner, GrantPartner.id == SubGrant.partner_id)
        .where(
            GrantPartner.grant_id == Grant.id,
            SubGrant.state != SubGrantState.CANCELLED,
            row.due_on.between(window.start, window.end),
            *([row.state != PassOnState.CANCELLED] if row is SubGrantInstalment else []),
        )
        for row in (SubGrantDuty, SubGrantInstalment)
    ]


def _add_partners(rows: dict[int, Row], window: Window, today: date) -> None:
    pairs = ((partners.duties(), SubGrantDuty.due_on), (partners.instalments(), SubGrantInstalment.due_on))
    for chosen, day in pairs:
        wanted = chosen.add_columns(Grant.id).where(Grant.id.in_(rows), day.between(window.start, window.end))
        for each in db.session.execute(wanted.limit(MARKS)):
            rows[each[-1]].marks.append(event_of_partner(partners.line_of(each), today))
