"""Entering many gifts at once: rows are kept as they are typed, and booked together when they come to what
the paper says. Booking is all or nothing; undoing reverses what was booked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.money import Money
from app.base.states import N_
from app.extensions import db
from app.gifts import services
from app.gifts.batch_models import BATCH_MOVES, BatchState, GiftBatch, GiftBatchRow
from app.gifts.by_hand import VIA
from app.gifts.entering import Entry, Thanks, enter
from app.gifts.models import Gift, GiftState

MOST = 500  # rows in one batch: booked in one short transaction


@dataclass(frozen=True, slots=True)
class Balance:
    """What the rows come to beside what the paper says; `off_*` is how much is missing (negative: too much)."""

    count: int
    cents: int
    off_count: int
    off_cents: int

    @property
    def balanced(self) -> bool:
        return not self.off_count and not self.off_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row as typed; `id` is made with the form and becomes the gift's."""

    id: int
    supporter_id: int
    amount: Money
    given_on: date
    programme_id: int | None
    bank_reference: str = ""


def load(batch_id: int) -> GiftBatch:
    """The batch, or NotFound."""
    batch = db.session.get(GiftBatch, batch_id)
    if batch is None:
        raise NotFound(N_("This batch is not there."))
    return batch


def begin(
    *, name: str, method: str, control: Money, count: int, given_on: date, programme_id: int | None,
    campaign_id: int | None, source: str, thanks: Thanks, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Begin a batch with its control total and count. Gives its id."""
    if method not in VIA:
        raise Invalid(N_("Please choose one of the options."), field="method")
    if not 0 < count <= MOST:
        raise Invalid(N_("A batch has 1 to %(most)s gifts."), field="count", most=MOST)
    if given_on > local_date(now):
        raise Invalid(N_("This day is still to come."), field="given_on")
    batch = GiftBatch(
        id=new_id(), name=name, state=BatchState.OPEN, method=method, control_cents=control.cents,
        control_count=count, given_on=given_on, programme_id=programme_id, campaign_id=campaign_id, source=source,
        thanks=thanks.value, staff_id=actor.id if actor.kind == "staff" else None, created_at=now,
    )  # fmt: skip
    db.session.add(batch)
    audit.record("gift_batch.begun", ("gift_batch", batch.id), actor=actor, now=now)
    return batch.id


def rows_of(batch_id: int) -> list[GiftBatchRow]:
    mine = select(GiftBatchRow).where(GiftBatchRow.batch_id == batch_id).order_by(GiftBatchRow.number)
    return list(db.session.execute(mine).scalars())


def balance(batch: GiftBatch) -> Balance:
    """One statement."""
    total = func.coalesce(func.sum(GiftBatchRow.amount_cents), 0)
    count, cents = db.session.execute(
        select(func.count(), total).where(GiftBatchRow.batch_id == batch.id)
    ).one()  # fmt: skip
    return Balance(int(count), int(cents), batch.control_count - int(count), batch.control_cents - int(cents))


def keep_row(batch_id: int, row: Row, *, now: datetime) -> None:
    """Add this row, or change the one with its id: sent twice it stands there once. Raises Refused when the
    batch is booked, Invalid beside the field."""
    batch = _open(batch_id)
    if row.amount.cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    if row.given_on > local_date(now):
        raise Invalid(N_("This day is still to come."), field="given_on")
    there = db.session.get(GiftBatchRow, row.id)
    if there is not None and there.batch_id != batch_id:
        raise NotFound(N_("This batch is not there."))
    if there is None:
        last, count = db.session.execute(
            select(func.coalesce(func.max(GiftBatchRow.number), 0), func.count()).where(
                GiftBatchRow.batch_id == batch.id
            )
        ).one()
        if count >= MOST:
            raise Refused(N_("This batch is full: begin another one."))
        there = GiftBatchRow(id=row.id, batch_id=batch_id, number=int(last) + 1)
        db.session.add(there)
    there.supporter_id, there.amount_cents = row.supporter_id, row.amount.cents
    there.given_on, there.programme_id, there.bank_reference = row.given_on, row.programme_id, row.bank_reference


def donor_of(row_id: int) -> int | None:
    """Whose row this is, where it is there."""
    row = db.session.get(GiftBatchRow, row_id)
    return row.supporter_id if row else None


def remove_row(batch_id: int, row_id: int) -> None:
    """Take a row off an open batch."""
    _open(batch_id)
    db.session.execute(delete(GiftBatchRow).where(GiftBatchRow.id == row_id, GiftBatchRow.batch_id == batch_id))


def set_control(batch_id: int, control: Money, count: int, *, actor: Actor, now: datetime) -> None:
    """The paper was read wrong: correct what the rows must come to."""
    batch = _open(batch_id)
    if not 0 < count <= MOST:
        raise Invalid(N_("A batch has 1 to %(most)s gifts."), field="count", most=MOST)
    told = {"cents": [batch.control_cents, control.cents], "count": [batch.control_count, count]}
    batch.control_cents, batch.control_count = control.cents, count
    audit.record("gift_batch.control_changed", ("gift_batch", batch_id), actor=actor, now=now, changes=told)


def post(batch_id: int, *, actor: Actor, now: datetime) -> None:
    """Make and book all its gifts. Raises Refused unless total and count agree, or when it was booked."""
    batch = _locked(batch_id)
    BATCH_MOVES.check(batch.state, BatchState.POSTED)
    if not balance(batch).balanced:
        raise Refused(N_("The rows do not come to the control total and count yet."))
    entries = [
        Entry(
            key=row.id, supporter_id=row.supporter_id, amount=Money(row.amount_cents), given_on=row.given_on,
            method=batch.method, programme_id=row.programme_id, campaign_id=batch.campaign_id, source=batch.source,
            bank_reference=row.bank_reference, batch_id=batch_id, thanks=Thanks(batch.thanks),
        )
        for row in rows_of(batch_id)
    ]  # fmt: skip
    enter(entries, actor=actor, now=now)
    _move(batch, BatchState.POSTED, actor, now)


def undo(batch_id: int, *, actor: Actor, now: datetime) -> None:
    """Reverse all that was booked; the gifts stay, crossed out. Raises Refused where money of one went back."""
    batch = _locked(batch_id)
    BATCH_MOVES.check(batch.state, BatchState.UNDONE)
    standing = select(Gift.id).where(Gift.batch_id == batch_id, Gift.state != GiftState.CANCELED)
    services.cancel(db.session.execute(standing).scalars().all(), actor=actor, now=now)
    _move(batch, BatchState.UNDONE, actor, now)


def _move(batch: GiftBatch, state: BatchState, actor: Actor, now: datetime) -> None:
    told = {"state": [batch.state.value, state.value]}
    batch.state = state
    audit.record(f"gift_batch.{state.value}", ("gift_batch", batch.id), actor=actor, now=now, changes=told)


def _locked(batch_id: int) -> GiftBatch:
    chosen = select(GiftBatch).where(GiftBatch.id == batch_id).with_for_update()
    batch: GiftBatch | None = db.session.execute(chosen).scalar_one_or_none()
    if batch is None:
        raise NotFound(N_("This batch is not there."))
    return batch


def _open(batch_id: int) -> GiftBatch:
    batch = _locked(batch_id)
    if batch.state is not BatchState.OPEN:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=batch.state.label)
    return batch


def listed(state: str) -> Any:
    """Batches to be paged."""
    wanted = select(GiftBatch)
    return wanted.where(GiftBatch.state == BatchState(state)) if state else wanted
