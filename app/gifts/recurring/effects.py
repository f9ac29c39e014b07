"""What a change does and what it can no longer do: the first day affected, and collections under way."""

from __future__ import annotations

from collections.abc import Collection as Collection_
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.base.dates import local_date
from app.base.errors import NotFound
from app.base.states import N_
from app.direct_debit.models import Collection
from app.direct_debit.states import UNDER_WAY, CollectionState
from app.extensions import db
from app.gifts.recurring.models import Commitment


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A collection that a change no longer touches."""

    id: int
    collect_on: date
    cents: int
    state: CollectionState


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change did: from `first_on` on it counts (None: nothing more is collected). `under_way`
    goes on as it was; it is named to whoever asked for the change."""

    first_on: date | None
    under_way: tuple[UnderWay, ...] = ()


def under_way(commitment_id: int) -> tuple[UnderWay, ...]:
    """Collections of this commitment that were planned or sent, soonest first."""
    return under_way_of([commitment_id]).get(commitment_id, ())


def under_way_of(commitment_ids: Collection_[int]) -> dict[int, tuple[UnderWay, ...]]:
    """The same of many, in one statement; those without any are left out."""
    found: dict[int, tuple[UnderWay, ...]] = {}
    rows = db.session.execute(
        select(
            Collection.commitment_id, Collection.id, Collection.collect_on, Collection.amount_cents, Collection.state
        )
        .where(Collection.commitment_id.in_(list(commitment_ids)), Collection.state.in_(UNDER_WAY))
        .order_by(Collection.collect_on)
    )  # fmt: skip
    for commitment_id, row_id, collect_on, cents, state in rows:
        found[commitment_id] = (*found.get(commitment_id, ()), UnderWay(row_id, collect_on, cents, state))
    return found


def skippable(row: Any, going: Collection_[UnderWay]) -> date:
    """The day of the collection that skipping leaves out: one that is planned but not sent, else the next one."""
    return next((each.collect_on for each in going if each.state is CollectionState.PLANNED), row.collect_on)


def locked(commitment_id: int) -> Any:
    """The commitment, locked. Raises NotFound."""
    table = Commitment.__table__
    row = db.session.execute(select(table).where(table.c.id == commitment_id).with_for_update()).first()
    if row is None:
        raise NotFound(N_("There is no such recurring gift."))
    return row


def day_of(now: datetime) -> date:
    """Today in Amsterdam: schedules know no hours."""
    return local_date(now)
