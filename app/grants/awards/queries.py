"""Read grants: lists, one, and their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import RUNNING, Grant, GrantMove, GrantState
from app.grants.funders.models import Funder
from app.grants.instalments.models import Instalment, Receipt
from app.grants.obligations.models import TO_DELIVER, Obligation
from app.grants.rows import cents_sum
from app.staff.models import Staff
from app.supporters.models import Supporter


@dataclass(frozen=True, slots=True)
class Line:
    """A grant as lists show it. Amounts in cents."""

    id: int
    title: str
    funder_reference: str
    state: GrantState
    amount_cents: int
    received_cents: int
    starts_on: date
    ends_on: date
    confirmed: bool
    funder_id: int
    funder: str
    owner_id: int | None
    owner: str | None
    programme_id: int | None
    next_due_on: date | None

    @property
    def share_received(self) -> float:
        """From 0 to 1 (more if the funder paid more)."""
        return self.received_cents / self.amount_cents


_owner = aliased(Staff)


@cache
def received() -> ColumnElement[int]:
    """Cents received on all instalments of the grant of the row."""
    return (
        select(cents_sum(Receipt.amount_cents))
        .join(Instalment, Instalment.id == Receipt.instalment_id)
        .where(Instalment.grant_id == Grant.id, Receipt.reversed_at.is_(None))
        .scalar_subquery()
    )


# The first date on which something of each grant is to be delivered. Joined, not asked row by row:
# lists sort by it, and would ask thrice for every grant there is.
_next = (
    select(Obligation.grant_id, func.min(Obligation.due_on).label("due_on"))
    .where(Obligation.grant_id.is_not(None), Obligation.state.in_(TO_DELIVER))
    .group_by(Obligation.grant_id)
    .subquery("next_due")
)


def next_due() -> ColumnElement[Any]:
    """The first date on which something of the grant of the row is to be delivered; in `listing` only."""
    return _next.c.due_on


@cache
def listing() -> Select[*tuple[Any, ...]]:
    """All grants with their names, for filtering and paging; rows fit `line_of`."""
    return (
        select(
            Grant.id,
            Grant.title,
            Grant.funder_reference,
            Grant.state,
            Grant.amount_cents,
            received(),
            Grant.starts_on,
            Grant.ends_on,
            Grant.confirmed_at.is_not(None),
            Funder.id,
            Supporter.display_name,
            Grant.owner_id,
            _owner.name,
            Grant.programme_id,
            next_due(),
        )
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .outerjoin(_owner, _owner.id == Grant.owner_id)
        .outerjoin(_next, _next.c.grant_id == Grant.id)
    )


def line_of(row: Sequence[Any]) -> Line:
    return Line(*tuple(row)[:15])


def matches(text: str) -> ColumnElement[bool]:
    """Title, the funder's reference or the funder's name holds this text."""
    return or_(
        Grant.title.icontains(text, autoescape=True),
        Grant.funder_reference.icontains(text, autoescape=True),
        Supporter.display_name.icontains(text, autoescape=True),
    )


def hits(wanted: ColumnElement[bool], limit: int) -> list[Any]:
    """(id, title, funder's reference, funder) of grants, the last to end first: only what the search field shows."""
    chosen = (
        select(Grant.id, Grant.title, Grant.funder_reference, Supporter.display_name.label("funder"))
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(wanted)
    )
    return list(db.session.execute(chosen.order_by(Grant.ends_on.desc(), Grant.id).limit(limit)))


def totals(conditions: Sequence[ColumnElement[bool]]) -> tuple[int, int, int]:
    """(how many, granted, received) of the grants these conditions leave of `listing`, in one statement."""
    inner = (
        select(Grant.amount_cents.label("granted"), received().label("received"))
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(*conditions)
        .subquery()
    )
    count, granted, came = db.session.execute(
        select(func.count(), cents_sum(inner.c.granted), cents_sum(inner.c.received))
    ).one()
    return count, granted, came


def one(grant_id: int) -> tuple[Grant, Line]:
    """The row and its names, or NotFound."""
    found = db.session.execute(listing().where(Grant.id == grant_id)).first()
    row = db.session.get(Grant, grant_id)
    if found is None or row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row, line_of(found)


def of_application(application_id: int) -> int | None:
    """The grant that came of an application."""
    return db.session.execute(select(Grant.id).where(Grant.application_id == application_id)).scalar()


def of_funder(funder_id: int, limit: int = 50) -> list[Line]:
    rows = listing().where(Grant.funder_id == funder_id).order_by(Grant.starts_on.desc(), Grant.id.desc()).limit(limit)
    return [line_of(row) for row in db.session.execute(rows)]


def moves_of(grant_id: int) -> list[GrantMove]:
    chosen = select(GrantMove).where(GrantMove.grant_id == grant_id)
    return list(db.session.execute(chosen.order_by(GrantMove.at.desc(), GrantMove.id.desc())).scalars())


def open_pairs(limit: int = 500) -> list[tuple[int, str]]:
    """(id, title and funder) of the running grants, for a choice in a form."""
    named = (
        select(Grant.id, Grant.title, Supporter.display_name)
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(Grant.state.in_(RUNNING))
        .order_by(Supporter.sort_key, Grant.title, Grant.id)
        .limit(limit)
    )
    return [(row_id, f"{title} · {funder}") for row_id, title, funder in db.session.execute(named)]
