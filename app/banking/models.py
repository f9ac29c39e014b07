"""Bank files as they came, statements, their entries, and the payments inside those. Amounts are signed cents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, String, false, text
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
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.vault.rotation import SealedColumn, declare_sealed


class FileState(Labelled):
    RECEIVED = "received", N_("Received")
    ENTERING = "entering", N_("Being entered")
    DONE = "done", N_("Entered")
    REFUSED = "refused", N_("Refused")


_F = FileState
# A refused file may be tried again: the account it is of may have been added since.
FILE_MOVES = Transitions(
    FileState,
    {
        _F.RECEIVED: {_F.ENTERING, _F.REFUSED},
        _F.ENTERING: {_F.DONE},
        _F.DONE: set(),
        _F.REFUSED: {_F.ENTERING},
    },
)


class LineState(Labelled):
    """How far a payment on the bank is explained."""

    REVIEW = "review", N_("To be explained")
    EXPLAINED = "explained", N_("Explained")
    SUSPENSE = "suspense", N_("Left in suspense")


_L = LineState
LINE_MOVES = Transitions(
    LineState,
    {
        _L.REVIEW: {_L.EXPLAINED, _L.SUSPENSE},
        _L.EXPLAINED: {_L.REVIEW},
        _L.SUSPENSE: {_L.REVIEW, _L.EXPLAINED},
    },
)


class BankFile(db.Model):
    """A file as the bank gave it; its content lies sealed under its hash (store.py) and is kept."""

    __tablename__ = "bank_file"

    id: Mapped[int] = id_column()
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    filename: Mapped[str] = text_column(200)
    size: Mapped[int] = mapped_column(Big)
    format: Mapped[str] = text_column(20, default="")
    state: Mapped[FileState] = state_column(FileState)
    statements: Mapped[int] = mapped_column(default=0)
    entries: Mapped[int] = mapped_column(default=0)
    transactions: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)  # transactions that were not known yet
    errors: Mapped[list[Any]] = mapped_column(JSON, default=list)  # [line or null, msgid, parameters]
    warnings: Mapped[list[Any]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = instant_column()
    created_by_id: Mapped[int | None] = mapped_column(Big, nullable=True)

    __table_args__ = (Index("ix_bank_file_created_at", "created_at"),)


class BankColumns(db.Model):
    """What the columns of the CSV files of one account mean (formats/csv_columns.py): field → column, from 0."""

    __tablename__ = "bank_columns"

    id: Mapped[int] = id_column()
    account_id: Mapped[int] = reference_column("bank_account.id", index=False, unique=True)
    headings: Mapped[list[Any]] = mapped_column(JSON, default=list)
    width: Mapped[int]
    date_format: Mapped[str] = text_column(20)
    columns: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    made_at: Mapped[datetime] = instant_column()
    staff_id: Mapped[int | None] = mapped_column(Big, nullable=True)


class BankStatement(db.Model):
    """One statement of one file. Notifications and intraday reports may have no balances."""

    __tablename__ = "bank_statement"

    id: Mapped[int] = id_column()
    file_id: Mapped[int] = reference_column("bank_file.id")
    position: Mapped[int]  # in its file, from 1
    account_id: Mapped[int] = reference_column("bank_account.id", index=False)
    format: Mapped[str] = text_column(20)
    reference: Mapped[str] = text_column(60, default="")
    number: Mapped[str] = text_column(20, default="")
    from_on: Mapped[date | None] = mapped_column(nullable=True)
    to_on: Mapped[date | None] = mapped_column(nullable=True)
    opening_cents: Mapped[int | None] = cents_column(nullable=True)
    closing_cents: Mapped[int | None] = cents_column(nullable=True)
    entries: Mapped[int]

    __table_args__ = (
        *whole("opening_cents", "closing_cents"),
        Index("ix_bank_statement_account", "account_id", "to_on", "id"),
    )


class BankEntry(db.Model):
    """One line of a statement, however often and in whichever formats it was told.

    `families` are the kinds of files that told of it (identity.py), added up. Booked as it stands,
    against suspense (booking.py); its lines say what it was.
    """

    __tablename__ = "bank_entry"

    id: Mapped[int] = id_column()
    account_id: Mapped[int] = reference_column("bank_account.id", index=False)
    statement_id: Mapped[int] = reference_column("bank_statement.id")  # that told of it first
    booked_on: Mapped[date]
    value_on: Mapped[date | None] = mapped_column(nullable=True)
    cents: Mapped[int] = cents_column()
    reference: Mapped[str] = text_column(60, default="")
    code: Mapped[str] = text_column(20, default="")
    bank_code: Mapped[str] = text_column(20, default="")
    is_return: Mapped[bool] = mapped_column(default=False)
    families: Mapped[int]
    ledger_on: Mapped[date | None]  # the day it is booked on; None while its period is closed

    __table_args__ = (
        *whole("cents"),
        Index(
            "ix_bank_entry_unbooked", "booked_on", "id",
            sqlite_where=text("ledger_on IS NULL"), postgresql_where=text("ledger_on IS NULL"),
        ),
        Index("ix_bank_entry_same", "account_id", "booked_on", "cents", "families"),
    )  # fmt: skip


class BankKey(db.Model):
    """What makes an entry enter once: its identity in one kind of file (identity.py) leads to it."""

    __tablename__ = "bank_key"

    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    entry_id: Mapped[int] = mapped_column(Big)


class BankLine(db.Model):
    """One payment on the bank: what is explained, matched and booked.

    Who paid and what they wrote is sealed; the account is found by its blind index.
    """

    __tablename__ = "bank_line"

    id: Mapped[int] = id_column()
    entry_id: Mapped[int] = reference_column("bank_entry.id")
    account_id: Mapped[int] = reference_column("bank_account.id", index=False)
    position: Mapped[int]  # in its entry, from 0
    booked_on: Mapped[date]
    cents: Mapped[int] = cents_column()
    state: Mapped[LineState] = state_column(LineState)
    looked: Mapped[bool] = mapped_column(default=False, server_default=false())  # matching has been tried
    end_to_end: Mapped[str] = text_column(35, default="")
    mandate: Mapped[str] = text_column(35, default="")
    creditor_id: Mapped[str] = text_column(35, default="")
    batch: Mapped[str] = text_column(35, default="")
    structured: Mapped[str] = text_column(35, default="")
    return_reason: Mapped[str] = text_column(35, default="")
    iban_index: Mapped[bytes | None] = mapped_column(LargeBinary(32), nullable=True)
    party_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)  # JSON: name, iban, bic, text

    __table_args__ = (
        *whole("cents"),
        Index("ix_bank_line_day", "account_id", "booked_on", "id"),
        Index("ix_bank_line_state", "state", "booked_on", "id"),
        Index("ix_bank_line_iban", "iban_index", "id"),
        Index(
            "ix_bank_line_unlooked", "id", sqlite_where=text("NOT looked"), postgresql_where=text("NOT looked"),
        ),
    )  # fmt: skip


declare_sealed(SealedColumn("bank_line", "party_sealed", "bank_line:{id}"))
