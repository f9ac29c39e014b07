"""Costs and budget as they came from the accounting package, and which import counts for which month.

They are no entries of our journal: the accounting package owns costs, and booking them here would hand them
back to it. Cents are signed as the statement of income and expenses shows them: income, costs and a positive
financial balance are above zero; a correction is below.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Boolean, CheckConstraint, Date, Index, UniqueConstraint, text
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
from app.ledger.rj import RjLine


class FigureKind(Labelled):
    COST = "cost", N_("Costs")
    BUDGET = "budget", N_("Budget")


class FigureState(Labelled):
    READ = "read", N_("Being prepared")
    IN = "in", N_("Counts")
    UNDONE = "undone", N_("Undone")


FIGURE_MOVES = Transitions(
    FigureState,
    {
        FigureState.READ: {FigureState.IN, FigureState.UNDONE},
        FigureState.IN: {FigureState.UNDONE},
        FigureState.UNDONE: set(),
    },
)


class Signs(Labelled):
    """How a file writes amounts."""

    LEDGER = "ledger", N_("Costs above zero, income below")
    PLAIN = "plain", N_("All above zero")


class FigureImport(db.Model):
    """A file with figures. The file itself lies sealed on disk; its control total is what the accounting package
    says it comes to, and what its rows came to."""

    __tablename__ = "figure_import"
    __table_args__ = (
        *whole("control_cents"),
        CheckConstraint("state <> 'in' OR (entered_at IS NOT NULL AND control_cents IS NOT NULL)", name="in_is_whole"),
        # The same file counts once.
        Index(
            "uq_figure_import_file", "kind", "sha256", unique=True,
            sqlite_where=text("state = 'in'"), postgresql_where=text("state = 'in'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = id_column()
    kind: Mapped[FigureKind] = state_column(FigureKind)
    state: Mapped[FigureState] = state_column(FigureState, default=FigureState.READ)
    filename: Mapped[str] = text_column(200)
    media_type: Mapped[str] = text_column(100)
    sha256: Mapped[str] = text_column(64)
    layout_key: Mapped[str] = text_column(64, default="")  # of its headings: the next such file is read alike
    header_row: Mapped[int] = mapped_column(default=1)
    columns: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # field → column, 0 is the first
    signs: Mapped[Signs] = state_column(Signs, default=Signs.LEDGER)
    year: Mapped[int | None] = mapped_column(nullable=True)  # of a sheet with a column for each month
    control_cents: Mapped[int | None] = mapped_column(Big, nullable=True)
    rows: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()
    created_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    entered_at: Mapped[datetime | None] = instant_column(nullable=True)
    entered_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    undone_at: Mapped[datetime | None] = instant_column(nullable=True)
    undone_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)


class OutsideFigure(db.Model):
    """What one import says of a month, line, programme and account."""

    __tablename__ = "outside_figure"
    __table_args__ = (
        *whole("cents"),
        CheckConstraint("cents <> 0", name="cents_something"),
        Index("ix_outside_figure_import", "import_id", "month"),
    )

    id: Mapped[int] = id_column()
    import_id: Mapped[int] = reference_column("figure_import.id", index=False)
    month: Mapped[date] = mapped_column(Date)  # its first day
    rj_line: Mapped[RjLine] = state_column(RjLine)
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    account: Mapped[str] = text_column(40)  # its code in the accounting package
    cents: Mapped[int] = cents_column()


class FigureMonth(db.Model):
    """The import that counts for a month: the last one that holds it and was not undone."""

    __tablename__ = "figure_month"
    __table_args__ = (UniqueConstraint("kind", "month"),)

    id: Mapped[int] = id_column()
    kind: Mapped[FigureKind] = state_column(FigureKind)
    month: Mapped[date] = mapped_column(Date)
    import_id: Mapped[int] = reference_column("figure_import.id")


class RuleOn(Labelled):
    ACCOUNT = "account", N_("Ledger account")
    CENTRE = "centre", N_("Cost centre")


class FigureRule(db.Model):
    """What an account or a cost centre of the accounting package means here, remembered for the next file.

    A cost centre says where costs go and goes before the account; an account of income or of the financial
    balance goes before the cost centre. Accounts `left_out` belong to no line (the balance sheet, income that
    comes from this system).
    """

    __tablename__ = "figure_rule"
    __table_args__ = (
        UniqueConstraint("field", "code"),
        CheckConstraint("NOT left_out OR (rj_line IS NULL AND programme_id IS NULL)", name="left_out_says_no_more"),
    )

    id: Mapped[int] = id_column()
    field: Mapped[RuleOn] = state_column(RuleOn)
    code: Mapped[str] = text_column(40)
    rj_line: Mapped[RjLine | None] = state_column(RjLine, nullable=True)
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True, index=False)
    left_out: Mapped[bool] = mapped_column(Boolean, default=False)


named_in(FigureImport.sha256)
