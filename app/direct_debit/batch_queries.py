"""Reading batches: lists, control figures, what is due and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, func, or_, select

from app.base.business_days import add_bank_days
from app.direct_debit.batch_models import DebitBatch, DebitBatchChange, DebitItem
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.states import WENT_WRONG, BatchState, CollectionState, LeftOut, MandateKind, MandateState
from app.extensions import db
from app.organisation.models import BankAccount
from app.supporters.models import Supporter

# Planned by our own mandates.
_IN_NO_BATCH = (
    Collection.state == CollectionState.PLANNED,
    Mandate.kind == MandateKind.OWN,
    ~exists().where(DebitItem.collection_id == Collection.id, DebitItem.live),
)


@dataclass(frozen=True, slots=True)
class Sum:
    count: int
    cents: int


def listed(state: str) -> Any:
    """Batches, to be paged."""
    wanted = select(DebitBatch)
    return wanted.where(DebitBatch.state == state) if state else wanted


def due_days(most: int = 8, *, once: bool = False) -> list[tuple[date, Sum]]:
    """What is planned by our own mandates (those for one collection, or the others) and in no batch, by day."""
    rows = db.session.execute(
        select(Collection.collect_on, func.count(), func.sum(Collection.amount_cents))
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(*_IN_NO_BATCH, Mandate.once.is_(once))
        .group_by(Collection.collect_on)
        .order_by(Collection.collect_on)
        .limit(most)
    )
    return [(day, Sum(count, int(cents))) for day, count, cents in rows]


@dataclass(frozen=True, slots=True)
class Due:
    """What is planned by our own mandates and in no batch: the first day, how many and cents. `more`: counting stopped
    there."""

    first: date
    count: int
    cents: int
    more: bool


def due(most: int = 1000) -> Due | None:
    """`due_days` as one sum, counted up to `most` collections; None where nothing is due."""
    counted = (
        select(Collection.collect_on, Collection.amount_cents)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(*_IN_NO_BATCH)
        .order_by(Collection.collect_on)
        .limit(most + 1)
        .subquery()
    )
    row = db.session.execute(
        select(func.min(counted.c.collect_on), func.count(), func.sum(counted.c.amount_cents))
    ).one()
    return Due(row[0], row[1], int(row[2]), row[1] > most) if row[1] else None


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch on which somebody must act. `send_by`: the last day on which its bank takes the file."""

    id: int
    state: BatchState
    reference: str
    collect_on: date
    send_by: date
    cents: int
    built_by_id: int | None


def open_batches(today: date, most: int = 12) -> list[OpenBatch]:
    """Batches to approve, to make a file of or to send, and those sent whose money should be there; soonest first."""
    acts = DebitBatch.state.in_((BatchState.BUILT, BatchState.APPROVED, BatchState.EXPORTED))
    late = (DebitBatch.state == BatchState.SENT) & (DebitBatch.collect_on < today)
    rows = db.session.execute(
        select(DebitBatch, BankAccount.lead_days)
        .join(BankAccount, BankAccount.id == DebitBatch.account_id)
        .where(acts | late)
        .order_by(DebitBatch.collect_on, DebitBatch.id)
        .limit(most)
    )
    return [
        OpenBatch(b.id, b.state, b.reference, b.collect_on, add_bank_days(b.collect_on, -lead), b.cents, b.built_by_id)
        for b, lead in rows
    ]


def left_out(batch_id: int) -> list[tuple[LeftOut, Sum]]:
    """How many and how much was left out, by reason."""
    rows = db.session.execute(
        select(DebitItem.left_out, func.count(), func.sum(DebitItem.cents))
        .where(DebitItem.batch_id == batch_id, DebitItem.left_out.is_not(None))
        .group_by(DebitItem.left_out)
    )
    return sorted(((why, Sum(count, int(cents))) for why, count, cents in rows if why), key=lambda each: -each[1].count)


def changed_since(batch_id: int) -> Sum:
    """What of a batch may not be collected any more, or not like this, by what happened since it was built: withdrawn,
    another account, a mandate that is over, a donor who died or was erased."""
    row = db.session.execute(
        select(func.count(), func.coalesce(func.sum(DebitItem.cents), 0))
        .join(Collection, Collection.id == DebitItem.collection_id)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .join(Supporter, Supporter.id == Mandate.supporter_id)
        .where(DebitItem.batch_id == batch_id, DebitItem.live)
        .where(
            or_(
                Collection.state == CollectionState.WITHDRAWN, Mandate.iban_lookup != DebitItem.iban_lookup,
                Mandate.state.in_((MandateState.SUSPENDED, MandateState.REVOKED)),
                Supporter.is_deceased, Supporter.anonymised_at.is_not(None),
            )
        )
    ).one()  # fmt: skip
    return Sum(row[0], int(row[1]))


def went_wrong(batch_id: int) -> Sum:
    """What of a batch was refused or taken back."""
    row = db.session.execute(
        select(func.count(), func.coalesce(func.sum(DebitItem.cents), 0))
        .join(Collection, Collection.id == DebitItem.collection_id)
        .where(DebitItem.batch_id == batch_id, DebitItem.live, Collection.state.in_(WENT_WRONG))
    ).one()
    return Sum(row[0], int(row[1]))


def collections_in(batch_id: int, *, out: bool) -> Any:
    """The collections of a batch, or those left out, with donor and state, to be paged."""
    return (
        select(DebitItem, Collection, Supporter.id.label("supporter_id"), Supporter.display_name)
        .join(Collection, Collection.id == DebitItem.collection_id)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .join(Supporter, Supporter.id == Mandate.supporter_id)
        .where(DebitItem.batch_id == batch_id, DebitItem.left_out.is_not(None) if out else DebitItem.left_out.is_(None))
    )


def changes_of(batch_id: int) -> Sequence[DebitBatchChange]:
    """The history, newest first."""
    wanted = select(DebitBatchChange).where(DebitBatchChange.batch_id == batch_id).order_by(DebitBatchChange.id.desc())
    return db.session.scalars(wanted.limit(50)).all()
