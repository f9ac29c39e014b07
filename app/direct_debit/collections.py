"""Collections are planned, moved and withdrawn here. All run inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Date, FromClause, SmallInteger, delete, func, insert, literal, select, update
from sqlalchemy.orm import aliased

from app.base.actor import Actor
from app.base.columns import Big, UtcDateTime
from app.base.ids import new_block, new_id, new_ids
from app.direct_debit import mandates
from app.direct_debit.models import Collection, CollectionChange, CollectionKey, Mandate
from app.direct_debit.states import COLLECTION_MOVES, USED, WENT_WRONG, CollectionState, MandateState
from app.extensions import db
from app.extensions.sql import among, insert_new

_key, _collection = CollectionKey.__table__, Collection.__table__
_QUIETLY = {"synchronize_session": False}


def take_periods(periods: Sequence[tuple[int, date]]) -> None:
    """Mark periods of commitments, as (commitment id, period), as given for: nothing is planned for them."""
    rows = [
        {"id": row_id, "commitment_id": commitment_id, "period": period, "attempt": 1}
        for row_id, (commitment_id, period) in zip(new_ids(len(periods)), periods, strict=True)
    ]
    if rows:
        db.session.execute(insert_new(CollectionKey), rows)


def free_periods(commitment_ids: Sequence[int]) -> None:
    """Forget which periods of these commitments were given for: nothing was ever collected for them here."""
    mine = delete(CollectionKey).where(CollectionKey.commitment_id.in_(commitment_ids))
    db.session.execute(mine, execution_options=_QUIETLY)


def plan(source: FromClause, ids: Sequence[int], *, period: date, collect_on: date, now: datetime) -> int:
    """Plan one collection for each of these commitments, at most 4,096; how many were new.

    `source` has the columns commitment_id, mandate_id, amount_cents, programme_id and campaign_id.
    A period that has its collection already gets no second one: the key table refuses it.
    """
    first = new_block(len(ids))
    number = func.row_number().over(order_by=source.c.commitment_id) + literal(first - 1, Big)
    keys = select(
        number, source.c.commitment_id, literal(period, Date), literal(1, SmallInteger)
    ).where(among(source.c.commitment_id, ids))  # fmt: skip
    db.session.execute(insert_new(CollectionKey).from_select(["id", "commitment_id", "period", "attempt"], keys))
    columns = (
        "id", "commitment_id", "mandate_id", "period", "attempt", "amount_cents", "collect_on", "state",
        "programme_id", "campaign_id", "created_at",
    )  # fmt: skip
    rows = (
        select(
            _key.c.id, source.c.commitment_id, source.c.mandate_id, _key.c.period, _key.c.attempt,
            source.c.amount_cents, literal(collect_on, Date), literal(CollectionState.PLANNED.value),
            source.c.programme_id, source.c.campaign_id, literal(now, UtcDateTime),
        )
        .join(source, source.c.commitment_id == _key.c.commitment_id)
        .where(_key.c.id.between(first, first + len(ids) - 1))
    )  # fmt: skip
    # Without the option PostgreSQL's count of an INSERT is thrown away.
    statement = insert(_collection).from_select(columns, rows).execution_options(preserve_rowcount=True)
    return cast(CursorResult[Any], db.session.execute(statement)).rowcount


def plan_again(collection: Any, collect_on: date, *, now: datetime) -> int | None:
    """Plan another attempt at what failed, by the same mandate; its id, None where there is one already, or where the
    mandate was for one collection."""
    if db.session.execute(select(Mandate.once).where(Mandate.id == collection.mandate_id)).scalar_one():
        return None
    attempt = {"commitment_id": collection.commitment_id, "period": collection.period}
    attempt["attempt"] = collection.attempt + 1
    row_id = new_id()
    made = insert_new(CollectionKey).values(id=row_id, **attempt).returning(_key.c.id)
    if db.session.execute(made).first() is None:
        return None
    values = {
        "id": row_id, "mandate_id": collection.mandate_id, "amount_cents": collection.amount_cents,
        "collect_on": collect_on, "state": CollectionState.PLANNED, "programme_id": collection.programme_id,
        "campaign_id": collection.campaign_id, "created_at": now, **attempt,
    }  # fmt: skip
    db.session.execute(insert(_collection).values(**values))
    return row_id


def move(
    ids: Iterable[int], to: CollectionState, *, actor: Actor, now: datetime,
    reasons: Mapping[int, str | None] | None = None, note: str = "",
) -> list[int]:  # fmt: skip
    """Move those of these collections that may go there, with their history; their ids. News that is
    old, or comes twice, moves nothing. `reasons` are codes of DOMAIN.md 1.5 by collection."""
    wanted = sorted(set(ids))
    rows = db.session.execute(
        select(Collection.id, Collection.state)
        .where(Collection.id.in_(wanted))
        .order_by(Collection.id)
        .with_for_update()
    ).all()
    moved = [row for row in rows if COLLECTION_MOVES.allows(row.state, to)]
    if not moved:
        return []
    moved_ids = [row.id for row in moved]
    db.session.execute(
        update(Collection).where(Collection.id.in_(moved_ids)).values(state=to), execution_options=_QUIETLY
    )
    for row_id in moved_ids:
        if reasons and row_id in reasons:
            values = {"reason_code": reasons[row_id], "handled_at": None}
            db.session.execute(
                update(Collection).where(Collection.id == row_id).values(**values), execution_options=_QUIETLY
            )
    changes = [
        {
            "id": new_id(), "collection_id": row.id, "before": row.state, "after": to,
            "reason": ((reasons or {}).get(row.id) or note)[:200], "by": (actor.label or actor.kind)[:80], "at": now,
        }
        for row in moved
    ]  # fmt: skip
    db.session.execute(insert(CollectionChange.__table__), changes)
    if to in USED:
        _spend(moved_ids, actor=actor, now=now)
        _take_over(moved_ids, now)
    return moved_ids


def _spend(ids: Sequence[int], *, actor: Actor, now: datetime) -> None:
    """A mandate for one collection is over with it, whatever came of that (DOMAIN.md 1.2)."""
    used = select(Collection.mandate_id).where(Collection.id.in_(ids))
    spent = select(Mandate.id).where(
        Mandate.id.in_(used), Mandate.once, Mandate.state.in_((MandateState.ACTIVE, MandateState.SUSPENDED))
    )
    if over := list(db.session.execute(spent).scalars()):
        mandates.move(over, MandateState.LAPSED, "used for its one collection", actor=actor, now=now)


def _take_over(ids: Sequence[int], now: datetime) -> None:
    """What came of another attempt is known: those before it ask nothing of anybody any more."""
    later = aliased(CollectionKey)
    before = select(CollectionKey.id).join(
        later,
        (later.commitment_id == CollectionKey.commitment_id)
        & (later.period == CollectionKey.period)
        & (later.attempt > CollectionKey.attempt),
    )
    done = update(Collection).where(
        Collection.id.in_(before.where(later.id.in_(ids), later.attempt > 1)),
        Collection.handled_at.is_(None), Collection.state.in_(WENT_WRONG),
    )  # fmt: skip
    db.session.execute(done.values(handled_at=now), execution_options=_QUIETLY)


def collected(ids: Iterable[int], on: date, *, actor: Actor, now: datetime) -> list[int]:
    """Money of these collections came in; the ids of those for which that is news."""
    moved = move(ids, CollectionState.COLLECTED, actor=actor, now=now)
    if moved:
        used = select(Collection.mandate_id).where(Collection.id.in_(moved))
        db.session.execute(
            update(Mandate).where(Mandate.id.in_(used)).values(last_collected_on=on), execution_options=_QUIETLY
        )
    return moved


def withdraw(
    commitment_ids: Iterable[int], note: str, *, actor: Actor, now: datetime, before: date | None = None,
    free: bool = False,
) -> list[int]:  # fmt: skip
    """Do not send what is planned for these commitments (up to the day before `before`); the ids.
    What is under way already cannot be stopped here. `free`: their periods may be planned anew."""
    planned = select(Collection.id).where(
        Collection.commitment_id.in_(sorted(set(commitment_ids))), Collection.state == CollectionState.PLANNED
    )
    if before is not None:
        planned = planned.where(Collection.collect_on < before)
    ids = db.session.execute(planned).scalars().all()
    moved = move(ids, CollectionState.WITHDRAWN, actor=actor, now=now, note=note) if ids else []
    if free and moved:
        db.session.execute(delete(CollectionKey).where(CollectionKey.id.in_(moved)), execution_options=_QUIETLY)
    return moved


def periods_of(ids: Iterable[int]) -> list[date]:
    """The periods of these collections."""
    return list(db.session.execute(select(Collection.period).where(Collection.id.in_(list(ids)))).scalars())


def is_planned(commitment_id: Any) -> Any:
    """Whether a collection for this commitment (a column) is planned and not under way, as a condition."""
    planned = (Collection.commitment_id == commitment_id) & (Collection.state == CollectionState.PLANNED)
    return select(Collection.id).where(planned).exists()


def was_planned(commitment_id: Any) -> Any:
    """Whether anything was ever planned or given for this commitment (a column), as a condition."""
    return select(_key.c.id).where(_key.c.commitment_id == commitment_id).exists()


def is_taken(commitment_id: int, period: date) -> bool:
    """Whether this period has been given for, planned or left out."""
    known = select(_key.c.id).where(_key.c.commitment_id == commitment_id, _key.c.period == period)
    return db.session.execute(known).first() is not None


def mark_handled(collection_id: int, *, now: datetime) -> bool:
    """Somebody dealt with what went wrong; False where nothing waited."""
    waiting = (Collection.id == collection_id) & Collection.handled_at.is_(None)
    done = update(Collection).where(waiting).values(handled_at=now).returning(Collection.id)
    return db.session.execute(done, execution_options=_QUIETLY).first() is not None
