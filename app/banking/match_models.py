"""What explains a payment on the bank, and what we learned from it. Amounts are signed cents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, SmallInteger, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, cents_column, id_column, instant_column, reference_column, state_column, whole
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled
from app.extensions import db


class MatchKind(Labelled):
    """What the money turned out to be."""

    PROMISE = "promise", N_("Promised gift")
    GIFT = "gift", N_("Gift")
    INSTALMENT = "instalment", N_("Instalment of a grant")
    DEBIT_BATCH = "debit_batch", N_("Batch of direct debits")
    COLLECTION = "collection", N_("Direct debit")
    TAKEN_BACK = "taken_back", N_("Direct debit taken back")
    PAYOUT = "payout", N_("Payout of a provider")
    BY_HAND = "by_hand", N_("Recorded by hand before")
    NOT_OURS = "not_ours", N_("Not a gift")


_STANDS = text("undone_at IS NULL")
_STANDS_BY_HAND = text("undone_at IS NULL AND kind = 'by_hand'")


class BankMatch(db.Model):
    """One explanation of (a part of) a payment on the bank. Undone, it stays to be seen.

    `target_id` is the gift, the receipt of an instalment, the batch or the collection, the payout, or the journal entry
    that was booked by hand.
    `reasons` are [msgid, parameters] as they were when it was made; `staff_id` is empty where it booked by itself.
    """

    __tablename__ = "bank_match"

    id: Mapped[int] = id_column()
    line_id: Mapped[int] = reference_column("bank_line.id", index=False)
    position: Mapped[int] = mapped_column(SmallInteger)  # which part of the line, from 0
    kind: Mapped[MatchKind] = state_column(MatchKind)
    target_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    cents: Mapped[int] = cents_column()
    score: Mapped[int] = mapped_column(SmallInteger, default=0)
    reasons: Mapped[list[Any]] = mapped_column(JSON, default=list)
    made_at: Mapped[datetime] = instant_column()
    staff_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    undone_at: Mapped[datetime | None] = instant_column(nullable=True)

    __table_args__ = (
        *whole("cents"),
        CheckConstraint("cents <> 0", name="cents_not_zero"),
        Index("ix_bank_match_line", "line_id", "id"),
        Index("ix_bank_match_target", "target_id", "kind"),
        # The database itself keeps two people from explaining the same part, or the same booking twice.
        Index("uq_bank_match_part", "line_id", "position", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index(
            "uq_bank_match_by_hand", "target_id", unique=True,
            sqlite_where=_STANDS_BY_HAND, postgresql_where=_STANDS_BY_HAND,
        ),
    )  # fmt: skip


class BankRule(db.Model):
    """Somebody said: what comes from (or goes to) this account is always this. The account is a blind index."""

    __tablename__ = "bank_rule"

    id: Mapped[int] = id_column()
    iban_index: Mapped[bytes] = mapped_column(LargeBinary(32))
    incoming: Mapped[bool]
    kind: Mapped[MatchKind] = state_column(MatchKind)
    supporter_id: Mapped[int | None] = reference_column("supporter.id", nullable=True)
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    staff_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    made_at: Mapped[datetime] = instant_column()
    active: Mapped[bool] = mapped_column(default=True, server_default=true())  # off, it is kept and says nothing

    __table_args__ = (
        UniqueConstraint("iban_index", "incoming"),
        CheckConstraint("(kind = 'gift') = (supporter_id IS NOT NULL)", name="gift_has_giver"),
    )


class BankMatching(db.Model):
    """How matching is set: one row, or none while nobody changed it."""

    __tablename__ = "bank_matching"

    id: Mapped[int] = id_column()
    only: Mapped[int] = mapped_column(default=1, unique=True)
    threshold: Mapped[int] = mapped_column(SmallInteger)  # of 100: from here on a proposal may book by itself

    __table_args__ = (
        CheckConstraint('"only" = 1', name="only_one"),
        CheckConstraint("threshold BETWEEN 80 AND 100", name="threshold_within"),
    )


declare(
    Holding("bank_rule", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Rules for bank lines"), exported=False)
)
