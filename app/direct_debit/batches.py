"""A batch is begun, approved by somebody else, sent and cancelled here. All run inside the caller's `with writing():`.

Filling it is in building.py, its file in exporting.py, its money in booking.py.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.business_days import add_bank_days, is_bank_day
from app.base.dates import AMSTERDAM, local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.references import code_of
from app.base.states import N_
from app.direct_debit.batch_models import DebitBatch, DebitBatchChange, DebitItem
from app.direct_debit.models import Collection
from app.direct_debit.pain.pain008 import SequenceType
from app.direct_debit.states import BATCH_MOVES, BatchState, CollectionState
from app.extensions import db
from app.organisation.models import BankAccount
from app.organisation.queries import profile

_S = BatchState
FURTHEST = timedelta(days=60)


def load(batch_id: int) -> DebitBatch:
    """The batch, or NotFound."""
    batch = db.session.get(DebitBatch, batch_id)
    if batch is None:
        raise NotFound(N_("There is no such batch."))
    return batch


def locked(batch_id: int) -> DebitBatch:
    """The batch as it is now, held until the transaction ends. Raises NotFound."""
    wanted = select(DebitBatch).where(DebitBatch.id == batch_id).with_for_update()
    batch = db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if batch is None:
        raise NotFound(N_("There is no such batch."))
    return batch


def earliest(account: Any, now: datetime) -> date:
    """The first day for which the bank still takes a file that is sent now (DOMAIN.md 1.2): what comes on a closed
    day, or after the bank's hour, counts as sent on the next."""
    here = now.astimezone(AMSTERDAM)
    too_late = account.cut_off is not None and here.time() > account.cut_off
    return add_bank_days(here.date(), account.lead_days + (1 if too_late or not is_bank_day(here.date()) else 0))


def begin(
    account_id: int, collect_on: date, *, actor: Actor, now: datetime, sequence: SequenceType = SequenceType.RCUR
) -> int:
    """Begin a batch of one account, day and kind (RCUR, or OOFF for mandates for one collection); `building.fill` then
    fills it. Gives its id. Raises Invalid."""
    account = db.session.get(BankAccount, account_id)
    if account is None or not account.active:
        raise Invalid(N_("Please choose one of the options."), field="account")
    creditor_id = account.creditor_id or profile().creditor_id
    if not creditor_id:
        raise Invalid(N_("Fill in our creditor identifier first, under Organisation."), field="account")
    first = earliest(account, now)
    if collect_on < first:
        raise Invalid(N_("The bank needs the file earlier: choose %(first)s or later."), field="on", first=first)
    if not is_bank_day(collect_on):
        raise Invalid(N_("Banks do not collect on that day: choose another."), field="on")
    if collect_on > local_date(now) + FURTHEST:
        raise Invalid(N_("At most %(most)s days ahead."), field="on", most=FURTHEST.days)
    batch_id = new_id()
    batch = DebitBatch(
        id=batch_id, account_id=account_id, state=_S.BUILDING, collect_on=collect_on, sequence=sequence,
        version=account.pain_version, creditor_id=creditor_id, creditor_name=account.holder,
        reference=f"DD-{code_of(batch_id)}", busy=True,
        built_by_id=actor.id if actor.kind == "staff" else None, created_at=now,
    )  # fmt: skip
    db.session.add(batch)
    db.session.flush()
    audit.record("debit_batch.begun", ("debit_batch", batch_id), actor=actor, now=now)
    return batch_id


def approve(batch_id: int, *, count: int, cents: int, actor: Actor, now: datetime) -> None:
    """Approve what was seen: `count` and `cents` as the page showed them. Raises Refused for whoever built it, where
    it changed meanwhile, or where the day has come too near."""
    batch = locked(batch_id)
    BATCH_MOVES.check(batch.state, _S.APPROVED)
    if actor.kind != "staff" or actor.id == batch.built_by_id:
        raise Refused(N_("Somebody else than who built the batch approves it."))
    if (batch.count, batch.cents) != (count, cents):
        raise Refused(N_("The batch changed while you looked at it. Look at the figures again."))
    check_in_time(batch, now)
    batch.approved_by_id, batch.approved_at = actor.id, now
    move(batch, _S.APPROVED, actor=actor, now=now)


def sent(batch_id: int, *, actor: Actor, now: datetime) -> None:
    """The file was given to the bank; twice changes nothing. Raises Refused."""
    batch = locked(batch_id)
    if batch.state is not _S.SENT:
        BATCH_MOVES.check(batch.state, _S.SENT)
        move(batch, _S.SENT, actor=actor, now=now)


def cancel(batch_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """Give a batch up; `building.release` then frees its collections for another. Raises Invalid, Refused.

    One that was sent is cancelled only when the bank refused it whole: else everybody is debited twice.
    """
    if not reason.strip():
        raise Invalid(N_("Say why."), field="reason")
    batch = locked(batch_id)
    BATCH_MOVES.check(batch.state, _S.CANCELED)
    if _money_was_seen(batch_id):
        raise Refused(N_("Money of this batch was seen on the bank: it cannot be cancelled. Book it."))
    batch.busy = True
    move(batch, _S.CANCELED, actor=actor, now=now, note=reason.strip())


def move(batch: DebitBatch, to: BatchState, *, actor: Actor, now: datetime, note: str = "") -> None:
    """Move a locked batch, with its history and the trail. The caller checked that it may."""
    before, batch.state = batch.state, to
    change = {
        "id": new_id(), "batch_id": batch.id, "before": before, "after": to, "note": note[:200], "at": now,
        "staff_id": actor.id if actor.kind == "staff" else None,
    }  # fmt: skip
    db.session.flush()
    db.session.execute(insert(DebitBatchChange.__table__), [change])
    told = {"state": [before.value, to.value], "count": batch.count, "cents": batch.cents}
    audit.record(f"debit_batch.{to.value}", ("debit_batch", batch.id), actor=actor, now=now, changes=told)


def _money_was_seen(batch_id: int) -> bool:
    seen = select(DebitItem.id).join(Collection, Collection.id == DebitItem.collection_id).where(
        DebitItem.batch_id == batch_id, DebitItem.live,
        Collection.state.in_((CollectionState.COLLECTED, CollectionState.RETURNED)),
    )  # fmt: skip
    return db.session.execute(seen.limit(1)).first() is not None


def check_in_time(batch: DebitBatch, now: datetime) -> None:
    """Raises Refused where a file sent today comes too late."""
    account = db.session.get_one(BankAccount, batch.account_id)
    if batch.collect_on < earliest(account, now):
        raise Refused(
            N_("The bank no longer takes a file for this day. Cancel the batch and build another for a later day.")
        )
