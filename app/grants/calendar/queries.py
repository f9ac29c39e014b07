"""What belongs in a calendar file: open obligations, rounds, the money that is expected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import url_for
from sqlalchemy import Select, select

from app.base.dates import days
from app.extensions import db, settings
from app.grants.calendar import feed
from app.grants.calendar.dates import (
    Filters,
    duties_chosen,
    instalments_chosen,
    obligations_chosen,
    passed_on_chosen,
    rounds_chosen,
)
from app.grants.calendar.feed import Entry
from app.grants.instalments import queries as instalments
from app.grants.instalments.models import EXPECTED, Instalment
from app.grants.obligations import queries as obligations
from app.grants.obligations.models import TO_DELIVER, Obligation
from app.grants.partners import due
from app.grants.partners.models import SubGrantDuty, SubGrantInstalment
from app.grants.rounds import queries as rounds
from app.grants.rounds.models import Round
from app.links.models import Link

Chosen = Select[*tuple[Any, ...]]
PURPOSE = "grants.calendar"
BACK, AHEAD = days(60), days(760)
MOST = 2000  # entries of each kind


def entries(filters: Filters, start: date, end: date, *, language: str) -> list[Entry]:
    """What is open in this period, as entries of a calendar: obligations, rounds, money expected, and what
    partners owe and are owed."""
    return [
        *_obligations(obligations_chosen(filters), start, end),
        *_rounds(rounds_chosen(filters), start, end),
        *_instalments(instalments_chosen(filters), start, end, language),
        *_partners(duties_chosen(filters), passed_on_chosen(filters), start, end, language),
    ]


def entries_of(staff_id: int, today: date, *, all_money: bool, language: str) -> list[Entry]:
    """What belongs in this person's calendar: what they make, review or own the grant or application of,
    all rounds, and the money of their grants or (finance) of all grants. What is late stays in it."""
    mine = Filters(person_id=staff_id)
    of_money = Filters() if all_money else mine
    return [
        *_obligations(obligations_chosen(mine), None, today + AHEAD),
        *_rounds(rounds_chosen(Filters()), today - BACK, today + AHEAD),
        *_instalments(instalments_chosen(of_money), None, today + AHEAD, language),
        *_partners(duties_chosen(mine), passed_on_chosen(of_money), None, today + AHEAD, language),
    ]


def _obligations(chosen: Chosen, start: date | None, end: date) -> Iterator[Entry]:
    wanted = chosen.where(obligations.ALIVE, Obligation.state.in_(TO_DELIVER), Obligation.due_on <= end)
    if start is not None:
        wanted = wanted.where(Obligation.due_on >= start)
    for row in db.session.execute(wanted.order_by(Obligation.due_on, Obligation.id).limit(MOST)):
        line = obligations.line_of(row)
        yield from feed.of_obligation(line, row[-1], _url("grants.obligation", obligation_id=line.id))


def _rounds(chosen: Chosen, start: date, end: date) -> Iterator[Entry]:
    wanted = chosen.where(Round.closes_on >= start, Round.closes_on <= end)
    for row in db.session.execute(wanted.order_by(Round.closes_on, Round.id).limit(MOST)):
        line = rounds.line_of(row)
        yield from feed.of_round(line, row[-1], _url("grants.funder", funder_id=line.funder_id))


def _instalments(chosen: Chosen, start: date | None, end: date, language: str) -> Iterator[Entry]:
    wanted = chosen.where(Instalment.state.in_(EXPECTED), Instalment.expected_on <= end)
    if start is not None:
        wanted = wanted.where(Instalment.expected_on >= start)
    for row in db.session.execute(wanted.order_by(Instalment.expected_on, Instalment.id).limit(MOST)):
        line = instalments.line_of(row)
        yield from feed.of_instalment(line, _url("grants.instalment", instalment_id=line.id), language)


def _partners(owed: Chosen, money: Chosen, start: date | None, end: date, language: str) -> Iterator[Entry]:
    pairs = ((owed, due.DUTIES_TO_DO, SubGrantDuty.due_on), (money, due.MONEY_TO_DO, SubGrantInstalment.due_on))
    for chosen, to_do, day in pairs:
        wanted = chosen.where(to_do, day <= end)
        if start is not None:
            wanted = wanted.where(day >= start)
        for row in db.session.execute(wanted.limit(MOST)):
            line = due.line_of(row)
            yield from feed.of_partner(line, _url("grants.sub_grant", sub_grant_id=line.sub_grant_id), language)


def _url(endpoint: str, **values: int) -> str:
    return settings().public_url + url_for(endpoint, **values)  # type: ignore[arg-type]


def has_address(staff_id: int) -> bool:
    """Whether this person has a calendar address that works."""
    working = select(Link.id).where(Link.purpose == PURPOSE, Link.subject_id == staff_id, Link.revoked_at.is_(None))
    return db.session.execute(working.limit(1)).first() is not None
