"""What the weekly mail says about partners. Two statements, however many there are.

Owners of grants hear what a partner delivered and waits for us, and what a partner should have
delivered; who may book payments hears what is to be paid to partners in the week that begins. What
moved since it began waits for the next: nobody gets a mail on Wednesday about what came on Tuesday.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select

from app.base.dates import days, local_midnight
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.partners import due
from app.grants.partners.models import SubGrantDuty, SubGrantDutyMove, SubGrantInstalment

MOST = 50  # lines of a section in one mail


class About(StrEnum):
    """The sections of the mail, in its order."""

    TO_JUDGE = "to_judge"
    LATE = "late"
    TO_PAY = "to_pay"


Section = dict[str, Any]  # as JSON: what it is about, how many there are, and the first of them


def of_owners(monday: date) -> dict[int, list[Section]]:
    """By the id of the grants' owner: what to judge, and what is late."""
    moved = SubGrantDutyMove.duty_id == SubGrantDuty.id
    moved_since = exists().where(moved, SubGrantDutyMove.at >= local_midnight(monday))
    late = and_(due.DUTIES_TO_DO, SubGrantDuty.due_on < monday)
    about = case((due.DUTIES_TO_JUDGE, About.TO_JUDGE.value), else_=About.LATE.value)
    chosen = due.duties().where(or_(due.DUTIES_TO_JUDGE, late), ~moved_since, Grant.owner_id.is_not(None))
    return _sections(chosen, SubGrantDuty, Grant.owner_id, about)


def to_pay(monday: date) -> list[Section]:
    """What falls due to partners before the next Monday, or did already: nothing, or one section."""
    chosen = due.instalments().where(due.MONEY_TO_DO, SubGrantInstalment.due_on < monday + days(7))
    everybody = literal(0)
    return _sections(chosen, SubGrantInstalment, everybody, literal(About.TO_PAY.value)).get(0, [])


def _sections(
    chosen: Select[*tuple[Any, ...]], row: Any, person: Any, about: ColumnElement[str]
) -> dict[int, list[Section]]:
    whole = [person, about]
    place = func.row_number().over(partition_by=whole, order_by=(row.due_on, row.id)).label("place")
    size = func.count().over(partition_by=whole).label("size")
    added = chosen.order_by(None).add_columns(person.label("person"), about.label("about"), place, size).subquery()
    found: dict[tuple[int, About], Section] = {}
    for each in db.session.execute(select(added).where(added.c.place <= MOST).order_by(added.c.place)):
        empty = {"about": each.about, "count": each.size, "lines": []}
        section = found.setdefault((each.person, About(each.about)), empty)
        section["lines"].append(_told(due.line_of(each)))
    order = list(About)
    by_person: dict[int, list[Section]] = {}
    for key in sorted(found, key=lambda key: order.index(key[1])):
        by_person.setdefault(key[0], []).append(found[key])
    return by_person


def _told(line: due.Line) -> dict[str, Any]:
    """A line as JSON; the mail writes the date and the money."""
    return {
        "id": line.sub_grant_id,
        "title": line.title,
        "cents": line.cents,
        "partner": line.partner,
        "grant": line.grant,
        "funder": line.funder,
        "due_on": line.due_on.isoformat(),
    }
