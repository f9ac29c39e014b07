"""Batches of collections that a bank is asked to make, and what banks tell of collections that went wrong."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import (
    cents_column,
    id_column,
    instant_column,
    reference_column,
    state_column,
    text_column,
    whole,
)
from app.direct_debit.pain.pain008 import SequenceType
from app.direct_debit.states import BatchState, LeftOut, ReturnState
from app.extensions import db
from app.organisation.models import PainVersion


class DebitBatch(db.Model):
    """Collections of one account, day and sequence type: one file, one PmtInf, one line on the statement.

    `count` and `cents` are what it holds now; what falls out on the way makes them less, never more.
    """

    __tablename__ = "debit_batch"

    id: Mapped[int] = id_column()
    account_id: Mapped[int] = reference_column("bank_account.id")
    state: Mapped[BatchState] = state_column(BatchState)
    collect_on: Mapped[date]
    sequence: Mapped[SequenceType] = state_column(SequenceType)
    version: Mapped[PainVersion] = state_column(PainVersion)
    creditor_id: Mapped[str] = text_column(35)
    creditor_name: Mapped[str | None] = text_column(70, nullable=True)  # as in its file; none in those of before
    reference: Mapped[str] = text_column(35, unique=True)  # PmtInfId, by which the bank books it
    count: Mapped[int] = mapped_column(default=0)
    cents: Mapped[int] = cents_column(default=0)
    built_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    approved_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    approved_at: Mapped[datetime | None] = instant_column(nullable=True)
    sha256: Mapped[str | None] = text_column(64, nullable=True)
    size: Mapped[int | None] = mapped_column(nullable=True)  # bytes
    booked_on: Mapped[date | None] = mapped_column(nullable=True)  # as the bank says
    busy: Mapped[bool] = mapped_column(default=False, server_default=false())  # building, booking or freeing goes on
    # Why no file was made, where the worker was asked to make it: [msgid, parameters].
    trouble: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True), nullable=True)
    created_at: Mapped[datetime] = instant_column()

    __table_args__ = (
        *whole("cents"),
        CheckConstraint("count >= 0 AND cents >= 0", name="totals_natural"),
        # Whoever built it does not approve it, whatever the code does.
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> built_by_id", name="approved_by_another"),
        CheckConstraint(
            "state NOT IN ('approved', 'exported', 'sent', 'booked') OR approved_at IS NOT NULL", name="approved_first"
        ),
        CheckConstraint("state NOT IN ('exported', 'sent', 'booked') OR sha256 IS NOT NULL", name="exported_has_file"),
        CheckConstraint("(state = 'booked') = (booked_on IS NOT NULL)", name="booked_on_day"),
        Index("ix_debit_batch_state", "state", "id"),
    )


class DebitBatchChange(db.Model):
    """The history of a batch, never changed."""

    __tablename__ = "debit_batch_change"

    id: Mapped[int] = id_column()
    batch_id: Mapped[int] = reference_column("debit_batch.id")
    before: Mapped[BatchState] = state_column(BatchState)
    after: Mapped[BatchState] = state_column(BatchState)
    note: Mapped[str] = text_column(200, default="")
    staff_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    at: Mapped[datetime] = instant_column()


_LIVE, _LEFT = text("live"), text("left_out IS NOT NULL")


class DebitItem(db.Model):
    """A collection in a batch, or left out of it with the reason. Live in one batch at most: the index sees to it.

    `iban_lookup` is the account as it was when the batch was built; another one now falls out.
    """

    __tablename__ = "debit_item"

    id: Mapped[int] = id_column()
    batch_id: Mapped[int] = reference_column("debit_batch.id", index=False)
    collection_id: Mapped[int] = reference_column("collection.id", index=False)
    cents: Mapped[int] = cents_column()
    live: Mapped[bool]
    left_out: Mapped[LeftOut | None] = state_column(LeftOut, nullable=True)
    iban_lookup: Mapped[bytes | None] = mapped_column(LargeBinary(32), nullable=True)
    amendment_id: Mapped[int | None] = reference_column("mandate_amendment.id", nullable=True, index=False)

    __table_args__ = (
        *whole("cents"),
        CheckConstraint("NOT live OR left_out IS NULL", name="in_or_left_out"),
        Index("uq_debit_item_live", "collection_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_debit_item_batch", "batch_id", "live", "id"),
        UniqueConstraint("collection_id", "batch_id"),
    )


class MandateAmendment(db.Model):
    """What of a mandate changed since its bank last saw it; told in each collection until one succeeded
    (DOMAIN.md 1.3)."""

    __tablename__ = "mandate_amendment"

    id: Mapped[int] = id_column()
    mandate_id: Mapped[int] = reference_column("mandate.id", index=False)
    original_reference: Mapped[str | None] = text_column(35, nullable=True)
    new_account: Mapped[bool]
    changed_at: Mapped[datetime] = instant_column()
    settled_at: Mapped[datetime | None] = instant_column(nullable=True)

    __table_args__ = (
        CheckConstraint("new_account OR original_reference IS NOT NULL", name="says_something"),
        Index(
            "uq_mandate_amendment_open", "mandate_id", unique=True,
            sqlite_where=text("settled_at IS NULL"), postgresql_where=text("settled_at IS NULL"),
        ),
    )  # fmt: skip


_WAITS = text("state = 'parked' AND handled_at IS NULL")


class DebitReturn(db.Model):
    """What a bank told of one collection. `key` makes each telling enter once; parked ones wait for somebody."""

    __tablename__ = "debit_return"

    id: Mapped[int] = id_column()
    key: Mapped[str] = text_column(120, unique=True)
    state: Mapped[ReturnState] = state_column(ReturnState)
    why: Mapped[str] = text_column(200, default="")  # msgid: why it is parked
    collection_id: Mapped[int | None] = reference_column("collection.id", nullable=True)
    end_to_end: Mapped[str] = text_column(35, default="")
    mandate_reference: Mapped[str] = text_column(35, default="")
    batch_reference: Mapped[str] = text_column(35, default="")
    code: Mapped[str | None] = text_column(10, nullable=True)
    cents: Mapped[int | None] = cents_column(nullable=True)
    on_date: Mapped[date]
    settled: Mapped[bool]  # money went out again, as against refused before it came
    source: Mapped[str] = text_column(80)
    told_at: Mapped[datetime] = instant_column()
    handled_at: Mapped[datetime | None] = instant_column(nullable=True)

    __table_args__ = (
        *whole("cents"),
        Index("ix_debit_return_parked", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )
