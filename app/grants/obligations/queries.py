"""Read obligations: one, a list, and what is due. Set-based; a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from app.base.dates import days
from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.grants.applications.models import OPEN_STAGES, Application
from app.grants.awards.models import Grant, GrantState
from app.grants.funders.models import Funder
from app.grants.obligations.models import (
    TO_DELIVER,
    Obligation,
    ObligationKind,
    ObligationMove,
    ObligationState,
)
from app.staff.models import Staff
from app.supporters.models import Supporter


class Due(StrEnum):
    """Which obligations by their date; the numbers are days from today, today included."""

    OVERDUE = "overdue"
    WEEK = "7"
    MONTH = "30"
    QUARTER = "90"


@dataclass(frozen=True, slots=True)
class Line:
    """An obligation as lists show it."""

    id: int
    kind: ObligationKind
    title: str
    state: ObligationState
    due_on: date
    internal_due_on: date | None
    grant_id: int | None
    application_id: int | None
    subject: str
    funder_id: int
    funder: str
    assignee_id: int | None
    assignee: str | None

    def is_overdue(self, today: date) -> bool:
        return self.state in TO_DELIVER and self.due_on < today

    def days_left(self, today: date) -> int:
        """Below zero: so many days late."""
        return (self.due_on - today).days


_assignee = aliased(Staff)
_funder_id = func.coalesce(Grant.funder_id, Application.funder_id)
# What belongs to a running application or a grant that is not closed; the rest asks nothing of us.
ALIVE: ColumnElement[bool] = or_(
    and_(Obligation.grant_id.is_not(None), Grant.state != GrantState.CLOSED),
    and_(Obligation.application_id.is_not(None), Application.stage.in_(OPEN_STAGES)),
)
TO_DO: ColumnElement[bool] = and_(Obligation.state.in_(TO_DELIVER), ALIVE)


@cache
def listing() -> Select[*tuple[Any, ...]]:
    """All obligations with their names, for filtering and paging; rows fit `line_of`."""
    return (
        select(
            Obligation.id,
            Obligation.kind,
            Obligation.title,
            Obligation.state,
            Obligation.due_on,
            Obligation.internal_due_on,
            Obligation.grant_id,
            Obligation.application_id,
            func.coalesce(Grant.title, Application.title),
            Funder.id,
            Supporter.display_name,
            Obligation.assignee_id,
            _assignee.name,
        )
        .outerjoin(Grant, Grant.id == Obligation.grant_id)
        .outerjoin(Application, Application.id == Obligation.application_id)
        .join(Funder, Funder.id == _funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .outerjoin(_assignee, _assignee.id == Obligation.assignee_id)
    )


def line_of(row: Sequence[Any]) -> Line:
    return Line(*tuple(row)[:13])


def due_within(which: Due, today: date) -> ColumnElement[bool]:
    """Open obligations that are late, or due in so many days from today (late ones not among them)."""
    if which is Due.OVERDUE:
        return and_(TO_DO, Obligation.due_on < today)
    return and_(TO_DO, Obligation.due_on >= today, Obligation.due_on <= today + days(int(which)))


def due_counts(today: date, *, assignee_id: int | None = None) -> dict[Due, int]:
    """How many are late, and due within 7, 30 and 90 days (each includes the shorter). One statement."""
    late = Obligation.due_on < today
    ahead = (Obligation.due_on.between(today, today + days(int(each))) for each in (Due.WEEK, Due.MONTH, Due.QUARTER))
    counted = (
        select(func.count().filter(late), *(func.count().filter(span) for span in ahead))
        .select_from(Obligation)
        .outerjoin(Grant, Grant.id == Obligation.grant_id)
        .outerjoin(Application, Application.id == Obligation.application_id)
        .where(TO_DO, Obligation.due_on <= today + days(int(Due.QUARTER)))
    )
    if assignee_id is not None:
        counted = counted.where(Obligation.assignee_id == assignee_id)
    return dict(zip(Due, db.session.execute(counted).one(), strict=True))


def soonest(today: date, *, until: date, limit: int = 20, assignee_id: int | None = None) -> list[Line]:
    """Open obligations due until this day, late ones first."""
    chosen = listing().where(TO_DO, Obligation.due_on <= until)
    if assignee_id is not None:
        chosen = chosen.where(Obligation.assignee_id == assignee_id)
    rows = db.session.execute(chosen.order_by(Obligation.due_on, Obligation.id).limit(limit))
    return [line_of(row) for row in rows]


def of_grant(grant_id: int) -> list[Line]:
    rows = listing().where(Obligation.grant_id == grant_id).order_by(Obligation.due_on, Obligation.id)
    return [line_of(row) for row in db.session.execute(rows)]


def of_application(application_id: int) -> list[Line]:
    rows = listing().where(Obligation.application_id == application_id).order_by(Obligation.due_on, Obligation.id)
    return [line_of(row) for row in db.session.execute(rows)]


def one(obligation_id: int) -> tuple[Obligation, Line]:
    """The row and its names, or NotFound."""
    found = db.session.execute(listing().where(Obligation.id == obligation_id)).first()
    row = db.session.get(Obligation, obligation_id)
    if found is None or row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row, line_of(found)


def moves_of(obligation_id: int) -> list[ObligationMove]:
    chosen = select(ObligationMove).where(ObligationMove.obligation_id == obligation_id)
    return list(db.session.execute(chosen.order_by(ObligationMove.at.desc(), ObligationMove.id.desc())).scalars())


def matches(text: str) -> ColumnElement[bool]:
    """Its own name, that of the grant or application, or the funder's holds this text."""
    names = (Obligation.title, Grant.title, Application.title, Supporter.display_name)
    return or_(*(name.icontains(text, autoescape=True) for name in names))


def count(chosen: Select[*tuple[Any, ...]]) -> int:
    """How many a filtered `listing` holds."""
    inner = chosen.with_only_columns(Obligation.id, maintain_column_froms=True).order_by(None).subquery()
    return int(db.session.execute(select(func.count()).select_from(inner)).scalar_one())
