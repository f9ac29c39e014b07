"""Everything that has a day: obligations, instalments, what partners owe and are owed, rounds and ends of
grants, filtered alike.

The timeline, the month, the table, the CSV and the calendar file all read from here, always
within a period and never more than `limit` of a kind: a constant number of statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, or_, select

from app.base.states import N_, Labelled
from app.extensions import db
from app.grants.applications.models import Application
from app.grants.awards.models import Grant
from app.grants.funders.models import Funder
from app.grants.instalments import queries as instalments
from app.grants.instalments.models import EXPECTED, Instalment, InstalmentState
from app.grants.obligations import queries as obligations
from app.grants.obligations.models import TO_DELIVER, Obligation, ObligationState
from app.grants.partners import due
from app.grants.partners.models import SubGrantDuty, SubGrantInstalment
from app.grants.rounds import queries as rounds
from app.grants.rounds.models import Round
from app.supporters.models import Supporter
from app.ui import filters as shown


class What(Labelled):
    OBLIGATION = "obligation", N_("Obligation")
    INSTALMENT = "instalment", N_("Instalment")
    ROUND = "round", N_("Round")
    END = "end", N_("End of a grant")
    DUTY = "duty", N_("Owed by a partner")
    PASSED_ON = "passed_on", N_("Instalment to a partner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """By row id; `None` is everything. A person owns the grant or makes or reviews the report."""

    funder_id: int | None = None
    programme_id: int | None = None
    person_id: int | None = None

    @property
    def given(self) -> dict[str, int]:
        """As they stand in an address."""
        values = {"funder": self.funder_id, "programme": self.programme_id, "person": self.person_id}
        return {name: value for name, value in values.items() if value is not None}


_CHIPS = {"late": "danger", "done": "ok", "held": "warn", "sent": "petrol"}


@dataclass(frozen=True, slots=True)
class Event:
    """One day on which something is due, expected, opens, closes or ends."""

    day: date
    what: What
    title: str
    funder: str
    subject: str
    state: str
    tone: str
    endpoint: str
    row_id: int
    who: str = ""
    cents: int | None = None

    @property
    def chip(self) -> str:
        """How its state is coloured in a table."""
        return _CHIPS.get(self.tone, "neutral")

    @property
    def url(self) -> str:
        names = {"grants.funder": "funder_id", "grants.grant": "grant_id", "grants.sub_grant": "sub_grant_id"}
        name = names.get(self.endpoint)
        values: dict[str, Any] = {name or f"{self.what.value}_id": self.row_id}
        return url_for(self.endpoint, **values)


def obligations_chosen(filters: Filters) -> Select[*tuple[Any, ...]]:
    """Obligations that pass; rows fit `obligations.line_of`, the row's version comes last."""
    wanted: list[ColumnElement[bool]] = []
    if filters.funder_id is not None:
        wanted.append(Funder.id == filters.funder_id)
    if filters.programme_id is not None:
        wanted.append(func.coalesce(Grant.programme_id, Application.programme_id) == filters.programme_id)
    if filters.person_id is not None:
        people = (Obligation.assignee_id, Obligation.reviewer_id, Grant.owner_id, Application.owner_id)
        wanted.append(or_(*(column == filters.person_id for column in people)))
    return obligations.listing().add_columns(Obligation.version).where(*wanted)


def instalments_chosen(filters: Filters) -> Select[*tuple[Any, ...]]:
    """Instalments that pass; rows fit `instalments.line_of`."""
    return instalments.listing().where(*_of_grant(filters))


def duties_chosen(filters: Filters) -> Select[*tuple[Any, ...]]:
    """What partners owe us, as far as it passes; rows fit `partners.due.line_of`."""
    return due.duties().where(*_of_grant(filters))


def passed_on_chosen(filters: Filters) -> Select[*tuple[Any, ...]]:
    """Instalments to partners that pass; rows fit `partners.due.line_of`."""
    return due.instalments().where(*_of_grant(filters))


def rounds_chosen(filters: Filters) -> Select[*tuple[Any, ...]]:
    """Rounds that pass; rows fit `rounds.line_of`, the row's version comes last.

    A round knows no programme and no person, so it does not pass a filter by them.
    """
    chosen = rounds.listing().add_columns(Round.version)
    if filters.programme_id is not None or filters.person_id is not None:
        return chosen.where(Round.id.is_(None))
    return chosen if filters.funder_id is None else chosen.where(Round.funder_id == filters.funder_id)


def _of_grant(filters: Filters) -> list[ColumnElement[bool]]:
    pairs = (
        (Grant.funder_id, filters.funder_id),
        (Grant.programme_id, filters.programme_id),
        (Grant.owner_id, filters.person_id),
    )
    return [column == value for column, value in pairs if value is not None]


def between(filters: Filters, start: date, end: date, *, today: date, limit: int) -> list[Event]:
    """What happens from `start` up to and including `end`, in order of day; at most `limit` of each kind."""
    events = _obligation_events(filters, start, end, today, limit)
    events += _instalment_events(filters, start, end, today, limit)
    events += _round_events(filters, start, end, limit)
    events += _end_events(filters, start, end, limit)
    owed = duties_chosen(filters).where(SubGrantDuty.due_on.between(start, end))
    money = passed_on_chosen(filters).where(SubGrantInstalment.due_on.between(start, end))
    events += [event_of_partner(due.line_of(row), today) for row in _rows(owed, limit)]
    events += [event_of_partner(due.line_of(row), today) for row in _rows(money, limit)]
    return sorted(events, key=lambda event: (event.day, event.what.value, event.funder, event.row_id))


def _rows(chosen: Select[*tuple[Any, ...]], limit: int, *order: Any) -> Sequence[Any]:
    return db.session.execute(chosen.order_by(*order).limit(limit)).all()


def _obligation_events(filters: Filters, start: date, end: date, today: date, limit: int) -> list[Event]:
    chosen = obligations_chosen(filters).where(Obligation.due_on.between(start, end))
    made = []
    for row in _rows(chosen, limit, Obligation.due_on, Obligation.id):
        line = obligations.line_of(row)
        made.append(
            Event(
                line.due_on, What.OBLIGATION, line.title or shown.label(line.kind), line.funder, line.subject,
                _("too late") if line.is_overdue(today) else shown.label(line.state),
                tone_of_obligation(line.state, line.due_on, today), "grants.obligation", line.id, line.assignee or "",
            )
        )  # fmt: skip
    return made


def _instalment_events(filters: Filters, start: date, end: date, today: date, limit: int) -> list[Event]:
    chosen = instalments_chosen(filters).where(Instalment.expected_on.between(start, end))
    made = []
    for row in _rows(chosen, limit, Instalment.expected_on, Instalment.id):
        line = instalments.line_of(row)
        made.append(
            Event(
                line.expected_on, What.INSTALMENT, _("Instalment %(number)s", number=line.position), line.funder,
                line.grant, shown.label(line.state), tone_of_instalment(line.state, line.expected_on, today),
                "grants.instalment", line.id, cents=line.amount_cents,
            )
        )  # fmt: skip
    return made


def _round_events(filters: Filters, start: date, end: date, limit: int) -> list[Event]:
    days = (Round.opens_on, Round.closes_on, Round.decision_on)
    chosen = rounds_chosen(filters).where(or_(*(day.between(start, end) for day in days)))
    made = []
    for row in _rows(chosen, limit, Round.closes_on, Round.id):
        line = rounds.line_of(row)
        moments = ((line.opens_on, _("opens")), (line.closes_on, _("last day")), (line.decision_on, _("decision")))
        for day, moment in moments:
            if day is not None and start <= day <= end:
                made.append(
                    Event(day, What.ROUND, line.name, line.funder, "", moment, "", "grants.funder", line.funder_id)
                )
    return made


def _end_events(filters: Filters, start: date, end: date, limit: int) -> list[Event]:
    chosen = (
        select(Grant.id, Grant.title, Grant.ends_on, Grant.state, Supporter.display_name)
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(Grant.ends_on.between(start, end), *_of_grant(filters))
    )
    return [
        Event(
            row.ends_on, What.END, row.title, row.display_name, "", shown.label(row.state), "", "grants.grant", row.id
        )
        for row in _rows(chosen, limit, Grant.ends_on, Grant.id)
    ]


def event_of_partner(line: due.Line, today: date) -> Event:
    """What a partner owes us, or an instalment to a partner: money that goes out, so below zero."""
    tone = line.tone(today)
    state = _("too late") if tone == "late" and line.cents is None else shown.label(line.state)
    if line.cents is None:
        what, title = What.DUTY, _("%(what)s of %(partner)s", what=line.title, partner=line.partner)
    else:
        what, title = What.PASSED_ON, _("Instalment to %(partner)s", partner=line.partner)
    return Event(
        line.due_on, what, title, line.funder, line.grant, state, tone, "grants.sub_grant", line.sub_grant_id,
        line.partner, -line.cents if line.cents is not None else None,
    )  # fmt: skip


def tone_of_obligation(state: ObligationState, due_on: date, today: date) -> str:
    """late, open, sent (waits for the funder) or done."""
    if state in TO_DELIVER:
        return "late" if due_on < today else "open"
    return "sent" if state is ObligationState.SUBMITTED else "done"


def tone_of_instalment(state: InstalmentState, expected_on: date, today: date) -> str:
    """late, open, held (by the funder) or done."""
    if state in EXPECTED:
        return "late" if expected_on < today and state is not InstalmentState.CONDITIONAL else "open"
    return "held" if state is InstalmentState.WITHHELD else "done"
