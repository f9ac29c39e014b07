"""Supporters' totals: live, without hot rows, and fast to sort by.

A change of a gift adds a row to `gift_fresh`; a job folds fresh rows into `gift_total` and
removes them in one transaction; readers add both in one statement, so they never see half a fold.
A total counts received gifts, refunds and chargebacks out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, literal, select, tuple_, union_all, update
from sqlalchemy.dialects import postgresql, sqlite

from app.base.events import on
from app.base.ids import new_ids
from app.base.works import Payload
from app.extensions import db
from app.extensions.sql import insert_rows
from app.extensions.transactions import writing_in_bulk
from app.gifts.models import HELD, Gift, GiftFresh, GiftTotal
from app.jobs.services import periodic
from app.privacy.events import SupportersRejoined

_BATCH = 1000  # fresh rows in one fold: well under 50 ms of the write lock

_fresh = GiftFresh.__table__
_total = GiftTotal.__table__
_gift = Gift.__table__


@dataclass(frozen=True, slots=True)
class Change:
    """What one change of a gift does to its supporter's total."""

    supporter_id: int
    cents: int
    gifts: int
    given_on: date


@dataclass(frozen=True, slots=True)
class Total:
    """Cents given in all, in how many gifts, and when first and last."""

    cents: int = 0
    gifts: int = 0
    first_on: date | None = None
    last_on: date | None = None

    @property
    def average_cents(self) -> int:
        """Rounded down to a whole cent."""
        return self.cents // self.gifts if self.gifts else 0


def add(changes: Iterable[Change]) -> None:
    """Tell the totals of changed gifts, in the transaction that changes them."""
    rows = [
        {"supporter_id": c.supporter_id, "cents": c.cents, "gifts": c.gifts, "given_on": c.given_on} for c in changes
    ]
    for row, row_id in zip(rows, new_ids(len(rows)), strict=True):
        row["id"] = row_id
    insert_rows(GiftFresh, rows)


def fold(limit: int = _BATCH) -> int:
    """Fold at most `limit` fresh rows into the totals; how many. Inside `with writing():`.

    Sums are added, never recomputed: a gift that commits meanwhile stays in its own fresh row.
    First and last dates are read from the gifts, which no order of folds can get wrong.
    """
    taken = db.session.execute(
        select(GiftFresh.id, GiftFresh.supporter_id)
        .order_by(GiftFresh.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not taken:
        return 0
    ids = [row.id for row in taken]
    new = (sqlite.insert if db.engine.dialect.name == "sqlite" else postgresql.insert)(_total)
    sums = (
        select(_fresh.c.supporter_id, func.sum(_fresh.c.cents), func.sum(_fresh.c.gifts))
        .where(_fresh.c.id.in_(ids))
        .group_by(_fresh.c.supporter_id)
        .order_by(_fresh.c.supporter_id)  # in one order, so that two folds wait instead of deadlocking
    )
    db.session.execute(
        new.from_select(["supporter_id", "cents", "gifts"], sums).on_conflict_do_update(
            index_elements=["supporter_id"],
            set_={"cents": _total.c.cents + new.excluded.cents, "gifts": _total.c.gifts + new.excluded.gifts},
        )
    )
    _read_dates({row.supporter_id for row in taken})
    db.session.execute(delete(GiftFresh).where(GiftFresh.id.in_(ids)), execution_options={"synchronize_session": False})
    return len(ids)


def _read_dates(supporter_ids: Iterable[int]) -> None:
    held = _gift.c.supporter_id == _total.c.supporter_id, _gift.c.state.in_(HELD), _kept(_gift) > 0
    db.session.execute(
        update(_total)
        .where(_total.c.supporter_id.in_(sorted(supporter_ids)))
        .values(
            first_on=select(func.min(_gift.c.gift_date)).where(*held).scalar_subquery(),
            last_on=select(func.max(_gift.c.gift_date)).where(*held).scalar_subquery(),
        )
    )


def _kept(gift: Any) -> Any:
    return gift.c.amount_cents - gift.c.refunded_cents


def rebuild(supporter_ids: Sequence[int]) -> None:
    """Make these supporters' totals anew from their gifts (after a merge). Inside `with writing():`."""
    ids = sorted(set(supporter_ids))
    for model in (GiftFresh, GiftTotal):
        db.session.execute(
            delete(model).where(model.supporter_id.in_(ids)), execution_options={"synchronize_session": False}
        )
    whole = (
        select(
            _gift.c.supporter_id, func.sum(_kept(_gift)), func.count(), func.min(_gift.c.gift_date),
            func.max(_gift.c.gift_date),
        )
        .where(_gift.c.supporter_id.in_(ids), _gift.c.state.in_(HELD), _kept(_gift) > 0)
        .group_by(_gift.c.supporter_id)
    )  # fmt: skip
    columns = ["supporter_id", "cents", "gifts", "first_on", "last_on"]
    db.session.execute(insert(_total).from_select(columns, whole))


def both() -> Any:
    """Folded and fresh totals as one set of rows: sum over it, in one statement."""
    return union_all(
        select(_total.c.supporter_id, _total.c.cents, _total.c.gifts, _total.c.first_on, _total.c.last_on),
        select(
            _fresh.c.supporter_id, _fresh.c.cents, _fresh.c.gifts,
            *(_when_given(_fresh.c.given_on).label(name) for name in ("first_on", "last_on")),
        ),
    )  # fmt: skip


def _when_given(given_on: Any) -> Any:
    """The day of a fresh gift; a refund is no gift and has no say in first and last."""
    from sqlalchemy import case

    return case((_fresh.c.gifts > 0, given_on), else_=None)


def totals_of(supporter_ids: Sequence[int]) -> dict[int, Total]:
    """Totals by supporter; who never gave is left out. One statement."""
    rows = both().subquery()
    found = db.session.execute(
        select(
            rows.c.supporter_id, func.sum(rows.c.cents), func.sum(rows.c.gifts), func.min(rows.c.first_on),
            func.max(rows.c.last_on),
        )
        .where(rows.c.supporter_id.in_(list(supporter_ids)))
        .group_by(rows.c.supporter_id)
    )  # fmt: skip
    return {row[0]: Total(int(row[1]), int(row[2]), row[3], row[4]) for row in found}


def total_of(supporter_id: int) -> Total:
    return totals_of([supporter_id]).get(supporter_id, Total())


@dataclass(frozen=True, slots=True)
class Ranked:
    """A supporter with what they gave, for a list by lifetime total."""

    supporter_id: int
    total: Total


def largest(limit: int, after: tuple[int, int] | None = None) -> list[Ranked]:
    """Supporters by lifetime total, largest first; `after` is the (cents, supporter id) to go on from.

    Two short reads in one statement: the index of folded totals, left out those with fresh rows,
    and the few with fresh rows summed. Nothing grows with the number of supporters.
    """
    fresh_ids = select(_fresh.c.supporter_id)
    names = (_total.c.supporter_id, _total.c.cents, _total.c.gifts, _total.c.first_on, _total.c.last_on)
    settled = select(*names).where(_total.c.supporter_id.not_in(fresh_ids), _total.c.cents > 0)
    rows = both().subquery()
    moving = (
        select(
            rows.c.supporter_id, func.sum(rows.c.cents).label("cents"), func.sum(rows.c.gifts).label("gifts"),
            func.min(rows.c.first_on).label("first_on"), func.max(rows.c.last_on).label("last_on"),
        )
        .where(rows.c.supporter_id.in_(fresh_ids))
        .group_by(rows.c.supporter_id)
        .subquery()
    )  # fmt: skip
    moving_rows = select(moving).where(moving.c.cents > 0)
    if after is not None:
        settled = settled.where(_before(_total.c, after))
        moving_rows = moving_rows.where(_before(moving.c, after))
    settled = settled.order_by(_total.c.cents.desc(), _total.c.supporter_id.desc()).limit(limit)
    merged = union_all(select(settled.subquery()), moving_rows).subquery()
    ordered = select(merged).order_by(merged.c.cents.desc(), merged.c.supporter_id.desc()).limit(limit)
    return [
        Ranked(row.supporter_id, Total(int(row.cents), int(row.gifts), row.first_on, row.last_on))
        for row in db.session.execute(ordered)
    ]


def _before(columns: Any, after: tuple[int, int]) -> Any:
    # The row-value form: both databases walk the index for it.
    return tuple_(columns.cents, columns.supporter_id) < tuple_(literal(after[0]), literal(after[1]))


@on(SupportersRejoined)
def rejoined(event: SupportersRejoined) -> None:
    """After a merge or its undoing, totals follow the gifts."""
    rebuild(event.ids)


@periodic("gifts.fold_totals", every=timedelta(minutes=1))
def fold_totals(_: Payload) -> None:
    while True:
        with writing_in_bulk():
            if fold() < _BATCH:
                return
