"""What readers of sheets share: one row, what a cell can hold, limits, and the choice of reader.

A cell is text, a Decimal (a number of XLSX), a date, or None. Rows without anything in them are
left out; the others keep the number they have in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.base.errors import Invalid
from app.base.states import N_

Cell = str | Decimal | date | None
MAX_ROWS = 500_000  # with something in them
MAX_COLUMNS = 100  # what stands further to the right is not read
MAX_CELL = 2000  # characters of a cell that are kept
NO_SHEET = N_("This is not a CSV or XLSX file.")
_NO_TEXT = (b"%PDF-", b"{\\rtf", b"\xff\xd8\xff")  # PDF, RTF, JPEG: they may pass for text
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(slots=True)
class Row:
    """`number` is the row of the file, from 1. `borrowed`: columns whose cell is merged with a row above,
    and shows what stands there."""

    number: int
    cells: list[Cell]
    borrowed: frozenset[int] = frozenset()

    def cell(self, column: int) -> Cell:
        return self.cells[column] if column < len(self.cells) else None


def rows_of(content: bytes, media_type: str) -> Iterator[Row]:
    """The filled rows of a CSV, or of the first sheet of an XLSX that has any, one after another. Raises Invalid."""
    from app.sheets import csv_reader, xlsx_reader

    source = xlsx_reader.rows(content) if media_type == XLSX else csv_reader.rows(csv_reader.decoded(content))
    for count, row in enumerate(source, start=1):
        if count > MAX_ROWS:
            raise Invalid(N_("There are more than %(most)s rows in this file. Please split it."), most=MAX_ROWS)
        yield row


def prepared(content: bytes, filename: str) -> tuple[bytes, str]:
    """A sheet as it may be kept: XLSX as it is, text as UTF-8; and its name. Raises Invalid for anything else."""
    from app.sheets import csv_reader, xlsx_package

    if not content:
        raise Invalid(N_("This file is empty."))
    name = filename.lower()
    if content.startswith(_NO_TEXT):
        raise Invalid(NO_SHEET)
    if content.startswith(b"PK\x03\x04"):
        try:
            xlsx_package.check(content)
        except Invalid as error:
            raise error if name.endswith((".xlsx", ".xlsm")) else Invalid(NO_SHEET) from None
        return content, filename if name.endswith(".xlsx") else f"{filename}.xlsx"
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid(N_("This is an old Excel file. Open it and save it as .xlsx or CSV."))
    text = csv_reader.decoded(content)
    return text.encode(), filename if name.endswith((".csv", ".txt")) else f"{filename}.csv"
