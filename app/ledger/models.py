"""Accounts, periods, the journal, and the sums over it.

Lines are written first; their entry seals them (seals.py). Ledger rows hold no names, free text
or supporter ids: they point at their source by type and id. Amounts are cents, debit positive.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import (
    Big,
    cents_column,
    id_column,
    instant_column,
    reference_column,
    state_column,
    text_column,
    whole,
)
from app.base.states import N_, Labelled
from app.extensions import db
from app.ledger.rj import RjLine

KEY_LENGTH = 120


class AccountKind(Labelled):
    ASSET = "asset", N_("Asset")
    LIABILITY = "liability", N_("Liability")
    EQUITY = "equity", N_("Equity")
    INCOME = "income", N_("Income")
    COST = "cost", N_("Cost")


class PeriodState(Labelled):
    OPEN = "open", N_("Open")
    CLOSED = "closed", N_("Closed")


class Event(Labelled):
    """What happened to the money; postings.py says what each books."""

    GIFT_RECEIVED = "gift_received", N_("Gift received")
    GIFT_REFUNDED = "gift_refunded", N_("Gift refunded")
    GIFT_CHARGED_BACK = "gift_charged_back", N_("Gift charged back")
    FEE_CHARGED = "fee_charged", N_("Provider fee")
    PAYOUT_RECEIVED = "payout_received", N_("Provider payout")
    GRANT_RECOGNISED = "grant_recognised", N_("Grant recognised as income")
    INSTALMENT_RECEIVED = "instalment_received", N_("Instalment received")
    SUB_GRANT_OWED = "sub_grant_owed", N_("Sub-grant owed to a partner")
    SUB_GRANT_PAID = "sub_grant_paid", N_("Sub-grant paid to a partner")
    GRANT_REDUCED = "grant_reduced", N_("Grant income reduced")
    CLAWBACK_OWED = "clawback_owed", N_("Grant to pay back")
    CLAWBACK_PAID = "clawback_paid", N_("Grant paid back")
    BANK_BOOKED = "bank_booked", N_("Line on a bank statement")
    BANK_EXPLAINED = "bank_explained", N_("Bank line explained")
    RESULT_APPROPRIATED = "result_appropriated", N_("Result appropriated to funds")
    FUND_MOVED = "fund_moved", N_("Money moved between funds")
    OPENING_BALANCE = "opening_balance", N_("Opening balance")
    REVERSAL = "reversal", N_("Reversal")


class Account(db.Model):
    """A ledger account. The RJ 650 line is the default of its postings; the RGS code is the
    bookkeeper's mapping and stands apart (RGS does not know the RJ 650 income lines)."""

    __tablename__ = "ledger_account"

    id: Mapped[int] = id_column()
    code: Mapped[str] = text_column(10, unique=True)
    name_nl: Mapped[str] = text_column(100)
    name_en: Mapped[str] = text_column(100)
    kind: Mapped[AccountKind] = state_column(AccountKind)
    rj_line: Mapped[RjLine | None] = state_column(RjLine, nullable=True)
    rgs_code: Mapped[str | None] = text_column(20, nullable=True)
    outside_code: Mapped[str | None] = text_column(20, nullable=True)  # in the accounting package, where it differs
    active: Mapped[bool] = mapped_column(Boolean, default=True)

    def name(self, language: str) -> str:
        return self.name_en if language == "en" else self.name_nl

    @property
    def is_result(self) -> bool:
        """Income and costs, as against the balance sheet."""
        return self.kind in (AccountKind.INCOME, AccountKind.COST)


class FiscalPeriod(db.Model):
    """A month. One without a row is open."""

    __tablename__ = "fiscal_period"

    id: Mapped[int] = id_column()
    month: Mapped[date] = mapped_column(Date, unique=True)  # its first day
    state: Mapped[PeriodState] = state_column(PeriodState, default=PeriodState.OPEN)


class JournalEntry(db.Model):
    """One money event, booked. Inserting it seals its lines: they must sum to 0."""

    __tablename__ = "journal_entry"

    id: Mapped[int] = id_column()
    booked_on: Mapped[date] = mapped_column(Date)
    event: Mapped[Event] = state_column(Event)
    source_type: Mapped[str] = text_column(40)
    source_id: Mapped[int] = mapped_column(Big)
    key: Mapped[str] = text_column(KEY_LENGTH)
    line_count: Mapped[int] = mapped_column(Integer)
    reverses_id: Mapped[int | None] = reference_column("journal_entry.id", nullable=True, index=False)
    posted_at: Mapped[datetime] = instant_column()
    posted_by: Mapped[int | None] = mapped_column(Big, nullable=True)  # staff id, where a person did it

    __table_args__ = (
        CheckConstraint("line_count >= 2", name="two_sides"),
        Index("ix_journal_entry_source", "source_id", "source_type"),
    )


class JournalLine(db.Model):
    """Debit (positive) or credit (negative) cents on one account.

    `booked_on` is its entry's. Dimensions are filled on income and cost lines, `grant_id` on the
    receivable and received-ahead lines of a grant too, the programme on lines of its fund. `rj_line` is the
    account's, or the line
    that overrides it for this money.
    """

    __tablename__ = "journal_line"

    id: Mapped[int] = id_column()
    entry_id: Mapped[int] = mapped_column(
        Big, ForeignKey("journal_entry.id", deferrable=True, initially="DEFERRED"), index=True
    )
    booked_on: Mapped[date] = mapped_column(Date)
    account_id: Mapped[int] = reference_column("ledger_account.id", index=False)
    cents: Mapped[int] = cents_column()
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    grant_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    campaign_id: Mapped[int | None] = reference_column("campaign.id", nullable=True, index=False)
    rj_line: Mapped[RjLine | None] = state_column(RjLine, nullable=True)

    __table_args__ = (
        *whole("cents"),
        CheckConstraint("cents <> 0", name="cents_not_zero"),
        Index("ix_journal_line_booked_on", "booked_on", "id"),
        Index("ix_journal_line_account", "account_id", "booked_on", "id"),
        *(
            Index(f"ix_journal_line_{name}", column, "booked_on", "id",
                  sqlite_where=text(f"{column} IS NOT NULL"), postgresql_where=text(f"{column} IS NOT NULL"))
            for name, column in (("rj", "rj_line"), ("programme", "programme_id"), ("grant", "grant_id"))
        ),
    )  # fmt: skip


class LedgerKey(db.Model):
    """What makes posting idempotent: a key once used leads to its entry. Apart from the journal,
    so that it stays whole when the journal is split by time.

    No foreign key: it is claimed before its entry is there, and a deferred one made SQLite search
    this whole table for every entry (4 s instead of 0.5 s for 5,000). `flask ledger check` looks.
    """

    __tablename__ = "ledger_key"

    key: Mapped[str] = text_column(KEY_LENGTH, primary_key=True)
    entry_id: Mapped[int] = mapped_column(Big)
    content: Mapped[bytes] = mapped_column(LargeBinary(16))  # hash of what was posted under it


class _Sums:
    """One cell of the sums: account × month × dimensions."""

    cell: Mapped[str]
    month: Mapped[date] = mapped_column(Date)  # its first day
    account_id: Mapped[int] = mapped_column(Big)
    programme_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    grant_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    campaign_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    rj_line: Mapped[RjLine | None] = state_column(RjLine, nullable=True)
    debit_cents: Mapped[int] = cents_column()
    credit_cents: Mapped[int] = cents_column()
    line_count: Mapped[int] = mapped_column(Big)


class LedgerFresh(_Sums, db.Model):
    """What postings added since the last fold: a few rows for each post, no row is ever updated."""

    __tablename__ = "ledger_fresh"

    id: Mapped[int] = id_column()
    cell: Mapped[str] = text_column(160)

    __table_args__ = whole("debit_cents", "credit_cents", "line_count")


class LedgerSum(_Sums, db.Model):
    """The folded sums. Together with ledger_fresh they equal the lines, always."""

    __tablename__ = "ledger_sum"

    cell: Mapped[str] = text_column(160, primary_key=True)

    __table_args__ = (
        *whole("debit_cents", "credit_cents", "line_count"),
        Index("ix_ledger_sum_month", "month"),
        Index("ix_ledger_sum_grant", "grant_id", sqlite_where=text("grant_id IS NOT NULL"),
              postgresql_where=text("grant_id IS NOT NULL")),
    )  # fmt: skip


class LedgerTotal(db.Model):
    """The folded sums without grant and campaign: what most reports ask for, in some hundred rows a year however many
    grants there are. Kept by the same fold, so that with ledger_fresh it equals the lines too."""

    __tablename__ = "ledger_total"

    cell: Mapped[str] = text_column(120, primary_key=True)
    month: Mapped[date] = mapped_column(Date)  # its first day
    account_id: Mapped[int] = mapped_column(Big)
    programme_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    rj_line: Mapped[RjLine | None] = state_column(RjLine, nullable=True)
    debit_cents: Mapped[int] = cents_column()
    credit_cents: Mapped[int] = cents_column()
    line_count: Mapped[int] = mapped_column(Big)

    __table_args__ = (*whole("debit_cents", "credit_cents", "line_count"), Index("ix_ledger_total_month", "month"))
