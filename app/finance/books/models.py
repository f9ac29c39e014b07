"""What happened to the books of a month: closings, and what was handed over to the accounting package."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, cents_column, id_column, instant_column, state_column, text_column, whole
from app.base.states import N_, Labelled
from app.documents.erasing import named_in
from app.extensions import db


class PeriodClosing(db.Model):
    """One closing of a month. The file is made right after it, from books that cannot change any more; until
    then its columns are empty. Opened again, the closing stays as it was."""

    __tablename__ = "period_closing"
    __table_args__ = (
        UniqueConstraint("month", "number"),
        CheckConstraint("(reopened_at IS NULL) = (reason = '')", name="reopened_for_a_reason"),
    )

    id: Mapped[int] = id_column()
    month: Mapped[date] = mapped_column(Date)  # its first day
    number: Mapped[int] = mapped_column(Integer)  # 1 is the first closing of this month
    closed_at: Mapped[datetime] = instant_column()
    closed_by: Mapped[int | None] = mapped_column(Big, nullable=True)  # staff id
    lines: Mapped[int | None] = mapped_column(Big, nullable=True)
    debit_cents: Mapped[int | None] = mapped_column(Big, nullable=True)
    sha256: Mapped[str | None] = text_column(64, nullable=True)
    size: Mapped[int | None] = mapped_column(Big, nullable=True)
    reopened_at: Mapped[datetime | None] = instant_column(nullable=True)
    reopened_by: Mapped[int | None] = mapped_column(Big, nullable=True)
    reason: Mapped[str] = text_column(500, default="")

    @property
    def filename(self) -> str:
        return f"journal-{self.month:%Y-%m}-{self.number}.csv"


class Layout(Labelled):
    """How the file looks."""

    CSV = "csv", N_("Journal as CSV")
    EXACT = "exact", N_("Exact Online XML")
    TWINFIELD = "twinfield", N_("Twinfield XML")
    XAF_32 = "xaf-3.2", N_("Auditfile XAF 3.2")
    XAF_40 = "xaf-4.0", N_("Auditfile XAF 4.0")

    @property
    def extension(self) -> str:
        return {"csv": "csv", "exact": "xml", "twinfield": "xml"}.get(self.value, "xaf")

    @property
    def is_proven(self) -> bool:
        """Whether a published schema says that the file is right. Others need a test import first."""
        return self in (Layout.XAF_32, Layout.XAF_40)


class LayoutProfile(db.Model):
    """How this organisation uses a layout: codes of its administration, columns of its CSV, the test import."""

    __tablename__ = "layout_profile"
    __table_args__ = (CheckConstraint("(tested_on IS NULL) = (tested_note = '')", name="tested_with_a_note"),)

    id: Mapped[int] = id_column()
    layout: Mapped[Layout] = state_column(Layout, unique=True)
    journal_code: Mapped[str] = text_column(20, default="")
    office_code: Mapped[str] = text_column(20, default="")
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # of the CSV: see layouts/plain.py
    tested_on: Mapped[date | None] = mapped_column(Date, nullable=True)
    tested_by: Mapped[int | None] = mapped_column(Big, nullable=True)  # staff id
    tested_note: Mapped[str] = text_column(300, default="")


class HandOver(db.Model):
    """A file that went to the accounting package: the entries of one closed month that had not gone before.

    Entries up to `last_entry_id` of that month are marked by it. `live` is 1 until it is taken back; of the
    live ones no two are the same part of a month.
    """

    __tablename__ = "hand_over"
    __table_args__ = (
        *whole("debit_cents"),
        CheckConstraint("(taken_back_at IS NULL) = (reason = '')", name="taken_back_for_a_reason"),
        CheckConstraint("line_total > 0", name="holds_something"),
        Index(
            "uq_hand_over_part", "month", "after_entry_id", unique=True,
            sqlite_where=text("taken_back_at IS NULL"), postgresql_where=text("taken_back_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = id_column()
    month: Mapped[date] = mapped_column(Date)  # its first day
    layout: Mapped[Layout] = state_column(Layout)
    after_entry_id: Mapped[int] = mapped_column(Big)  # 0: nothing of this month went before
    last_entry_id: Mapped[int] = mapped_column(Big)
    entry_total: Mapped[int] = mapped_column(Big)
    line_total: Mapped[int] = mapped_column(Big)
    debit_cents: Mapped[int] = cents_column()
    sha256: Mapped[str] = text_column(64)
    size: Mapped[int] = mapped_column(Big)
    made_at: Mapped[datetime] = instant_column()
    made_by: Mapped[int | None] = mapped_column(Big, nullable=True)  # staff id
    taken_back_at: Mapped[datetime | None] = instant_column(nullable=True)
    taken_back_by: Mapped[int | None] = mapped_column(Big, nullable=True)
    reason: Mapped[str] = text_column(500, default="")

    @property
    def filename(self) -> str:
        return f"draagvlak-{self.month:%Y-%m}-{self.layout.value}-{self.sha256[:8]}.{self.layout.extension}"


named_in(PeriodClosing.sha256)
named_in(HandOver.sha256)
