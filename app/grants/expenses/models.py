"""Expenses, what other grants pay of them, the rules that map them to lines, and imports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
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
from app.documents.erasing import named_in
from app.extensions import db


def _whole_cost(context: DefaultExecutionContext) -> Any:
    """A cost is charged whole to its grant, unless said otherwise."""
    return context.get_current_parameters()["cents"]  # type: ignore[no-untyped-call]


class Expense(db.Model):
    """A cost, charged to a grant. Amounts in cents; a credit note is below zero.

    `full_cents` is the whole cost as the accounts have it, `cents` the part this grant pays,
    `elsewhere_cents` what other grants pay of it (the sum of its `expense_share` rows). The
    database itself refuses a cost of which the funders together pay more than all.
    `source_key` is what makes it enter once: the entry in the accounts, or the form.
    """

    __tablename__ = "expense"
    __table_args__ = (
        *whole("cents", "full_cents", "elsewhere_cents"),
        CheckConstraint("full_cents <> 0", name="full_cents_something"),
        CheckConstraint(
            "(full_cents > 0 AND cents >= 0 AND elsewhere_cents >= 0 AND cents + elsewhere_cents <= full_cents)"
            " OR (full_cents < 0 AND cents <= 0 AND elsewhere_cents <= 0 AND cents + elsewhere_cents >= full_cents)",
            name="at_most_all",
        ),
        # Everything sums ask for, so that they never read the rows themselves.
        Index("ix_expense_sums", "grant_id", "budget_line_id", "spent_on", "partner_id", "cents"),
        Index("ix_expense_list", "grant_id", "spent_on", "id"),
    )

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id", index=False)
    budget_line_id: Mapped[int | None] = reference_column("budget_line.id", nullable=True, index=False)
    partner_id: Mapped[int | None] = reference_column("grant_partner.id", nullable=True, index=False)
    spent_on: Mapped[date] = mapped_column()
    cents: Mapped[int] = cents_column()
    full_cents: Mapped[int] = cents_column(default=_whole_cost)
    elsewhere_cents: Mapped[int] = cents_column(default=0)
    description: Mapped[str] = text_column(300, default="")
    ledger_account: Mapped[str] = text_column(40, default="")
    cost_centre: Mapped[str] = text_column(40, default="")
    voucher: Mapped[str] = text_column(80, default="")  # number of the entry or the invoice, to find it back
    source_key: Mapped[str] = text_column(80, unique=True)
    import_id: Mapped[int | None] = reference_column("expense_import.id", nullable=True, index=False)
    entered_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class ExpenseShare(db.Model):
    """What another grant pays of a cost."""

    __tablename__ = "expense_share"
    __table_args__ = (
        *whole("cents"),
        UniqueConstraint("expense_id", "grant_id"),
        CheckConstraint("cents <> 0", name="cents_something"),
        Index("ix_expense_share_sums", "grant_id", "budget_line_id", "cents"),
    )

    id: Mapped[int] = id_column()
    expense_id: Mapped[int] = reference_column("expense.id", index=False)
    grant_id: Mapped[int] = reference_column("grant_award.id", index=False)
    budget_line_id: Mapped[int | None] = reference_column("budget_line.id", nullable=True, index=False)
    cents: Mapped[int] = cents_column()
    created_at: Mapped[datetime] = instant_column()


class ExpenseRule(db.Model):
    """Costs of this ledger account, this cost centre, or both, belong to this line of the grant."""

    __tablename__ = "expense_rule"
    __table_args__ = (
        UniqueConstraint("grant_id", "ledger_account", "cost_centre"),
        CheckConstraint("ledger_account <> '' OR cost_centre <> ''", name="says_something"),
    )

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id", index=False)
    ledger_account: Mapped[str] = text_column(40, default="")
    cost_centre: Mapped[str] = text_column(40, default="")
    budget_line_id: Mapped[int] = reference_column("budget_line.id")
    created_at: Mapped[datetime] = instant_column()


class ImportState(Labelled):
    UPLOADED = "uploaded", N_("Uploaded")
    CHECKING = "checking", N_("Being read")
    CHECKED = "checked", N_("Read, waiting for your decision")
    ENTERING = "entering", N_("Being entered")
    DONE = "done", N_("Entered")
    UNREADABLE = "unreadable", N_("Cannot be read")


_S = ImportState
IMPORT_MOVES = Transitions(
    ImportState,
    {
        _S.UPLOADED: {_S.CHECKING},
        _S.CHECKING: {_S.CHECKED, _S.UNREADABLE, _S.CHECKING},  # again: another choice of columns, or after a crash
        _S.CHECKED: {_S.CHECKING, _S.ENTERING},
        _S.ENTERING: {_S.DONE, _S.ENTERING},
        _S.DONE: set(),
        _S.UNREADABLE: {_S.CHECKING},
    },
)


class ExpenseImport(db.Model):
    """A file of the accounting package on its way in. The file itself lies sealed on disk.

    `columns`: field → column of the sheet (0 is the first). `errors`: what is wrong in rows, the
    first of them as [file row, field, message, parameters], translated where they are shown.
    """

    __tablename__ = "expense_import"
    __table_args__ = whole("total_cents")

    id: Mapped[int] = id_column()
    grant_id: Mapped[int] = reference_column("grant_award.id")
    state: Mapped[ImportState] = state_column(ImportState)
    filename: Mapped[str] = text_column(200)
    media_type: Mapped[str] = text_column(100)
    sha256: Mapped[str] = text_column(64)
    size: Mapped[int] = mapped_column(Big)
    layout_key: Mapped[str] = text_column(64, default="")
    header_row: Mapped[int] = mapped_column(default=1)
    columns: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    partner_id: Mapped[int | None] = reference_column("grant_partner.id", nullable=True, index=False)
    rows: Mapped[int] = mapped_column(default=0)  # with something in them
    good: Mapped[int] = mapped_column(default=0)
    known: Mapped[int] = mapped_column(default=0)  # entered before, here or with another grant
    bad: Mapped[int] = mapped_column(default=0)
    unmapped: Mapped[int] = mapped_column(default=0)
    outside: Mapped[int] = mapped_column(default=0, server_default="0")  # of the good ones: not in the grant's period
    entered: Mapped[int] = mapped_column(default=0)
    total_cents: Mapped[int] = cents_column(default=0)
    errors: Mapped[list[Any]] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()
    created_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)


class ExpenseLayout(db.Model):
    """How columns were chosen for sheets with these headings, remembered for the next file."""

    __tablename__ = "expense_layout"

    id: Mapped[int] = id_column()
    layout_key: Mapped[str] = text_column(64, unique=True)  # SHA-256 of the headings
    columns: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    updated_at: Mapped[datetime] = instant_column()


named_in(ExpenseImport.sha256)
