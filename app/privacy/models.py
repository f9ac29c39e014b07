"""Merges of records, with all that moved, so that each can be undone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, reference_column, state_column, text_column
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled
from app.extensions import db
from app.vault.rotation import SealedColumn, declare_sealed


class Merge(db.Model):
    """Two records became one: `gone` points at `kept` from then on and is not found any more."""

    __tablename__ = "supporter_merge"

    id: Mapped[int] = id_column()
    kept_id: Mapped[int] = reference_column("supporter.id")
    gone_id: Mapped[int] = reference_column("supporter.id")
    reason: Mapped[str] = text_column(200)
    staff_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    at: Mapped[datetime] = instant_column()
    undone_at: Mapped[datetime | None] = instant_column(nullable=True)
    undone_by: Mapped[int | None] = mapped_column(Big, nullable=True)


class RowChange(Labelled):
    CHANGED = "changed", N_("changed")
    DROPPED = "dropped", N_("dropped")


class MergeRow(db.Model):
    """One row that a merge changed or took away, with what it was: sealed, as it may hold anything of a person."""

    __tablename__ = "supporter_merge_row"

    id: Mapped[int] = id_column()
    merge_id: Mapped[int] = reference_column("supporter_merge.id", ondelete="CASCADE")
    table_name: Mapped[str] = text_column(60)
    row_id: Mapped[int] = mapped_column(Big)
    change: Mapped[RowChange] = state_column(RowChange)
    before_sealed: Mapped[bytes] = mapped_column(LargeBinary)


declare_sealed(SealedColumn("supporter_merge_row", "before_sealed", "merge:{id}"))
declare(
    Holding("supporter_merge", "kept_id", OnMerge.STAY, OnErase.DELETE, label=N_("Merges"), exported=False),
    Holding("supporter_merge", "gone_id", OnMerge.STAY, OnErase.DELETE, label=N_("Merges"), exported=False),
)
