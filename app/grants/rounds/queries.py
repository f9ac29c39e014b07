"""Read rounds: the calendar, and what opens or closes soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.grants.applications.models import Application
from app.grants.funders.models import Funder
from app.grants.rounds.models import Recurrence, Round
from app.supporters.models import Supporter


@dataclass(frozen=True, slots=True)
class Line:
    """A round as the calendar shows it."""

    id: int
    name: str
    opens_on: date | None
    closes_on: date
    decision_on: date | None
    recurrence: Recurrence
    funder_id: int
    funder: str
    applications: int

    def is_open(self, today: date) -> bool:
        return self.closes_on >= today and (self.opens_on is None or self.opens_on <= today)


@cache
def listing() -> Select[*tuple[Any, ...]]:
    """All rounds with their names, for filtering and paging; rows fit `line_of`."""
    made = select(func.count()).where(Application.round_id == Round.id).scalar_subquery()
    return (
        select(
            Round.id,
            Round.name,
            Round.opens_on,
            Round.closes_on,
            Round.decision_on,
            Round.recurrence,
            Funder.id,
            Supporter.display_name,
            made,
        )
        .join(Funder, Funder.id == Round.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
    )


def line_of(row: Sequence[Any]) -> Line:
    return Line(*tuple(row)[:9])


def one(round_id: int) -> tuple[Round, Line]:
    """The row and its names, or NotFound."""
    found = db.session.execute(listing().where(Round.id == round_id)).first()
    row = db.session.get(Round, round_id)
    if found is None or row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row, line_of(found)


def of_funder(funder_id: int, limit: int = 20) -> list[Line]:
    rows = listing().where(Round.funder_id == funder_id).order_by(Round.closes_on.desc(), Round.id).limit(limit)
    return [line_of(row) for row in db.session.execute(rows)]


def coming(today: date, until: date, limit: int = 20) -> list[Line]:
    """Rounds that open or close from today until this day, the next date first."""
    opens = and_(Round.opens_on >= today, Round.opens_on <= until)
    closes = and_(Round.closes_on >= today, Round.closes_on <= until)
    rows = listing().where(or_(opens, closes)).order_by(Round.closes_on, Round.id).limit(limit)
    return [line_of(row) for row in db.session.execute(rows)]


def choices(today: date, keep: int | None = None) -> list[tuple[int, str, int]]:
    """(id, name, funder) of rounds one can still apply to, and of the one chosen before."""
    wanted = or_(Round.closes_on >= today, Round.id == keep)
    rows = db.session.execute(select(Round.id, Round.name, Round.funder_id).where(wanted).order_by(Round.closes_on))
    return [(row_id, name, funder_id) for row_id, name, funder_id in rows]
