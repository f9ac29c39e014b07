"""Read funders: lists, one, and choices for forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.grants.applications.models import OPEN_STAGES, Application
from app.grants.awards.models import RUNNING, Grant
from app.grants.funders.models import Funder, FunderKind
from app.grants.rows import cents_sum
from app.staff.models import Staff
from app.supporters.contact_models import Relation, RelationType
from app.supporters.models import Kind, Supporter


@dataclass(frozen=True, slots=True)
class Line:
    """A funder as lists show it. Amounts in cents."""

    id: int
    supporter_id: int
    name: str
    kind: FunderKind
    themes: str
    grant_min_cents: int | None
    grant_max_cents: int | None
    owner_id: int | None
    owner: str | None
    open_applications: int
    running_grants: int
    granted_cents: int


_owner = aliased(Staff)


@cache
def listing() -> Select[*tuple[Any, ...]]:
    """All funders with their figures, for filtering and paging; rows fit `line_of`."""
    open_ones = select(func.count()).where(Application.funder_id == Funder.id, Application.stage.in_(OPEN_STAGES))
    running = select(func.count()).where(Grant.funder_id == Funder.id, Grant.state.in_(RUNNING))
    granted = select(cents_sum(Grant.amount_cents)).where(Grant.funder_id == Funder.id)
    return (
        select(
            Funder.id,
            Funder.supporter_id,
            Supporter.display_name,
            Funder.kind,
            Funder.themes,
            Funder.grant_min_cents,
            Funder.grant_max_cents,
            Funder.owner_id,
            _owner.name,
            open_ones.scalar_subquery(),
            running.scalar_subquery(),
            granted.scalar_subquery(),
        )
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .outerjoin(_owner, _owner.id == Funder.owner_id)
    )


def line_of(row: Sequence[Any]) -> Line:
    return Line(*tuple(row)[:12])


def one(funder_id: int) -> tuple[Funder, Line]:
    """The row and its names, or NotFound."""
    found = db.session.execute(listing().where(Funder.id == funder_id)).first()
    row = db.session.get(Funder, funder_id)
    if found is None or row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row, line_of(found)


def of_supporter(supporter_id: int) -> int | None:
    """The funder that this organisation is."""
    return db.session.execute(select(Funder.id).where(Funder.supporter_id == supporter_id)).scalar()


def choices() -> list[tuple[int, str]]:
    """(id, name) of every funder, by name. A charity knows hundreds, not hundred thousands."""
    named = select(Funder.id, Supporter.display_name).join(Supporter, Supporter.id == Funder.supporter_id)
    return [(row_id, name) for row_id, name in db.session.execute(named.order_by(Supporter.sort_name, Funder.id))]


def matches(text: str) -> ColumnElement[bool]:
    """Name or themes hold this text."""
    return or_(Supporter.display_name.icontains(text, autoescape=True), Funder.themes.icontains(text, autoescape=True))


def count(chosen: Select[*tuple[Any, ...]]) -> int:
    """How many funders a filtered `listing` holds."""
    inner = chosen.with_only_columns(Funder.id, maintain_column_froms=True).order_by(None).subquery()
    return int(db.session.execute(select(func.count()).select_from(inner)).scalar_one())


def organisations_without(limit: int = 500) -> list[Supporter]:
    """Organisations that are no funder yet, by name."""
    taken = select(Funder.id).where(Funder.supporter_id == Supporter.id).exists()
    free = select(Supporter).where(
        Supporter.kind == Kind.ORGANISATION,
        Supporter.merged_into_id.is_(None),
        Supporter.anonymised_at.is_(None),
        ~taken,
    )
    return list(db.session.execute(free.order_by(Supporter.sort_key, Supporter.id).limit(limit)).scalars())


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at the funder."""

    supporter_id: int
    name: str
    function: str


def contacts(supporter_id: int) -> list[Contact]:
    """The people we know at this organisation."""
    people = (
        select(Supporter.id, Supporter.display_name, Relation.function)
        .join(Relation, Relation.from_id == Supporter.id)
        .where(Relation.to_id == supporter_id, Relation.type == RelationType.CONTACT, Relation.ended_on.is_(None))
        .order_by(Supporter.sort_key, Supporter.id)
        .limit(50)
    )
    return [Contact(*row) for row in db.session.execute(people)]
