"""The file of an approved batch: made once, kept sealed, the same bytes whenever it is taken out again.

First every collection is looked at again, since a batch may wait for days: what may not be collected
any more falls out (less than was approved is never harm; more is impossible), the rest is under way
from then on, so that no pause or change of account can pass the file by. Then the file is written
and read back, and only then the batch counts as exported. Broken off anywhere, it is done again.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import select, update

from app.base.actor import Actor
from app.base.dates import month_name
from app.base.errors import DomainError, Refused
from app.base.references import code_of
from app.base.states import N_
from app.base.works import Payload, job
from app.direct_debit import batches, collections
from app.direct_debit.batch_models import DebitBatch, DebitItem, MandateAmendment
from app.direct_debit.building import PIECE, Bounded, totals
from app.direct_debit.creditors import creditors_before, was_ever_another
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.obstacles import candidates, look_at
from app.direct_debit.pain.pain008 import Address, Control, Debit, Order, Unfit, control, write
from app.direct_debit.states import BATCH_MOVES, BatchState, CollectionState, LeftOut
from app.extensions import db, now, writing
from app.extensions.transactions import writing_in_bulk
from app.organisation.models import BankAccount
from app.organisation.queries import profile
from app.vault.pieces import SealedStore
from app.vault.services import unseal

log = logging.getLogger(__name__)
STORE = SealedStore("collection-files")
_QUIETLY = {"synchronize_session": False}


def export(batch_id: int, *, actor: Actor, bounded: Bounded = writing_in_bulk) -> None:
    """Make the file of an approved batch. Opens its own transactions. Raises Refused, Unfit, OSError (full disk)."""
    batch = batches.load(batch_id)
    if batch.state is BatchState.EXPORTED:
        return
    BATCH_MOVES.check(batch.state, BatchState.EXPORTED)
    batches.check_in_time(batch, now())
    db.session.rollback()
    _put_under_way(batch_id, actor, bounded)
    batch = batches.load(batch_id)
    if not batch.count:
        raise Refused(N_("Nothing of this batch can be collected any more. Cancel it."))
    order = order_of(batch)
    db.session.rollback()
    kept = STORE.keep(write(order, debits(batch_id)))
    if control(STORE.read(kept.sha256)) != Control(order.count, order.cents):
        raise Unfit(N_("The file is not whole. Export it again."))
    with writing():
        batch = batches.locked(batch_id)
        if batch.state is BatchState.EXPORTED:
            return
        BATCH_MOVES.check(batch.state, BatchState.EXPORTED)
        batch.sha256, batch.size, batch.trouble = kept.sha256, kept.size, None
        batches.move(batch, BatchState.EXPORTED, actor=actor, now=now())


@job("direct_debit.export")
def export_later(payload: Payload) -> None:
    """A large batch, for whoever asked. What forbids it now forbids it later: it is said on the page, not tried on."""
    try:
        export(int(payload["batch_id"]), actor=Actor("staff", int(payload["staff_id"])))
    except DomainError as error:
        log.warning("batch %s: no file was made: %s", payload["batch_id"], error)
        _say(int(payload["batch_id"]), [error.message, {name: str(value) for name, value in error.params.items()}])
    except OSError as error:
        _say(int(payload["batch_id"]), [FULL, {}])
        raise error  # tried again, and once there is room it succeeds


FULL = N_("The file could not be written: the disk is full or cannot be used. It is tried again by itself.")


def _say(batch_id: int, trouble: list[Any]) -> None:
    db.session.rollback()
    with writing():
        batches.locked(batch_id).trouble = trouble


def _put_under_way(batch_id: int, actor: Actor, bounded: Bounded) -> None:
    last = 0
    while True:
        with bounded():
            batch = batches.locked(batch_id)
            BATCH_MOVES.check(batch.state, BatchState.EXPORTED)
            rows = db.session.execute(
                candidates()
                .add_columns(DebitItem.id.label("item_id"), DebitItem.iban_lookup.label("item_lookup"))
                .join(DebitItem, DebitItem.collection_id == Collection.id)
                .where(DebitItem.batch_id == batch_id, DebitItem.live, DebitItem.id > last)
                .order_by(DebitItem.id)
                .limit(PIECE)
                .with_for_update(of=Collection)
            ).all()
            waiting = [row for row in rows if row.state is not CollectionState.SENT]
            fell = _fallen(waiting, batch.collect_on)
            _drop({row.item_id: fell[row.id] for row in waiting if row.id in fell})
            going = [row for row in waiting if row.id not in fell]
            ids = [row.id for row in going]
            collections.move(ids, CollectionState.SENT, actor=actor, now=now())
            on_day = update(Collection).where(Collection.id.in_(ids)).values(collect_on=batch.collect_on)
            db.session.execute(on_day, execution_options=_QUIETLY)
            _tell_amendments({row.mandate_id: row.item_id for row in going})
            if fell:
                batch.count, batch.cents = totals(batch_id)
        if len(rows) < PIECE:
            return
        last = rows[-1].item_id


def _fallen(rows: list[Any], on: date) -> dict[int, LeftOut]:
    fell = {row.id: LeftOut.WITHDRAWN for row in rows if row.state is not CollectionState.PLANNED}
    fell |= {row.id: LeftOut.CHANGED for row in rows if row.id not in fell and row.iban_lookup != row.item_lookup}
    still = look_at([row for row in rows if fell.get(row.id) is not LeftOut.WITHDRAWN], on, accounts=False)
    return fell | still


def _drop(why: dict[int, LeftOut]) -> None:
    for item_id, reason in why.items():
        gone = update(DebitItem).where(DebitItem.id == item_id).values(live=False, left_out=reason)
        db.session.execute(gone, execution_options=_QUIETLY)


def _tell_amendments(items: dict[int, int]) -> None:
    """Note which items tell of a change of their mandate: by mandate, the item."""
    open_ones = select(MandateAmendment.id, MandateAmendment.mandate_id).where(
        MandateAmendment.mandate_id.in_(items), MandateAmendment.settled_at.is_(None)
    )
    for row in db.session.execute(open_ones).all():
        noted = update(DebitItem).where(DebitItem.id == items[row.mandate_id]).values(amendment_id=row.id)
        db.session.execute(noted, execution_options=_QUIETLY)


def order_of(batch: DebitBatch) -> Order:
    """What holds for the file of this batch. The same each time: its instant is that of the approval."""
    account = db.session.get_one(BankAccount, batch.account_id)
    assert batch.approved_at is not None
    return Order(
        version=batch.version.value, message_id=f"M{batch.reference}", payment_information_id=batch.reference,
        created_at=batch.approved_at, collect_on=batch.collect_on, sequence=batch.sequence, count=batch.count,
        cents=batch.cents, name=batch.creditor_name or account.holder,
        iban=account.iban, bic=account.bic, creditor_id=batch.creditor_id,
        address=_address(),
    )  # fmt: skip


def _address() -> Address | None:
    ours = profile()
    if not ours.town:
        return None
    street, number = ours.street or "", ""
    if found := re.fullmatch(r"(.*\S)\s+(\d\S*)", street):
        street, number = found.groups()
    return Address(
        town=ours.town, country=ours.country, street=street, number=number, postcode=ours.postcode or ""
    )  # fmt: skip


def debits(batch_id: int) -> Iterator[Debit]:
    """What the file holds, in the order in which it was taken up, read a page at a time."""
    wanted = (
        select(
            DebitItem.id.label("item_id"), DebitItem.cents, Collection.id, Collection.period,
            Mandate.id.label("mandate_id"), Mandate.reference, Mandate.signed_on, Mandate.language, Mandate.iban_sealed,
            Mandate.holder_sealed, MandateAmendment.original_reference, MandateAmendment.new_account,
        )
        .join(Collection, Collection.id == DebitItem.collection_id)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .outerjoin(MandateAmendment, MandateAmendment.id == DebitItem.amendment_id)
        .where(DebitItem.batch_id == batch_id, DebitItem.live)
        .order_by(DebitItem.id)
    )  # fmt: skip
    last, label, batch = 0, profile().statement_descriptor, batches.load(batch_id)
    now_as = batch.creditor_id, batch.creditor_name
    was_another = was_ever_another(*now_as)
    while True:
        rows = db.session.execute(wanted.where(DebitItem.id > last).limit(PIECE)).all()
        before = creditors_before([row.mandate_id for row in rows], batch_id, *now_as) if was_another else {}
        db.session.rollback()
        for row in rows:
            yield Debit(
                code_of(row.id), row.cents, row.reference, row.signed_on,
                unseal(row.holder_sealed, f"mandate holder:{row.mandate_id}"),
                unseal(row.iban_sealed, f"mandate iban:{row.mandate_id}"),
                f"{label} {month_name(row.period.month, row.language)} {row.period.year}",
                row.original_reference, bool(row.new_account), before.get(row.mandate_id),
            )  # fmt: skip
        if len(rows) < PIECE:
            return
        last = rows[-1].item_id
