"""XLSX, read row by row from the zip: the first sheet shown that has something in it, in bounded memory.

Our own small reader, beside our own writer (docs/decisions/xlsx.md): expat without DTD or entities,
nothing evaluated. Empty rows and cells cost a glance; merged cells show what stands in their first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from app.base.errors import Invalid
from app.sheets import xlsx_package
from app.sheets.reading import MAX_CELL, MAX_COLUMNS, Cell, Row

MAX_ROW_NUMBER = 1_048_576  # of a sheet, by Excel
MAX_EXPONENT = 308  # of a number, by Excel
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def rows(content: bytes) -> Iterator[Row]:
    with xlsx_package.opened(content) as package:
        paths, first_day = xlsx_package.sheet_paths(package)
        texts = xlsx_package.texts(package)
        dated = xlsx_package.dated_styles(package)
        filled = False
        for path in paths:  # an empty sheet or a chart often stands before the figures
            sheet = _Sheet(texts, dated, first_day, xlsx_package.merges(package, path))
            for row in xlsx_package.parsed(
                package, path, sheet.start, sheet.end, sheet.data, sheet.take, xlsx_package.without_empty_rows
            ):
                filled = True
                yield row
            if filled:
                return


class _Sheet:
    """Collects the rows of a sheet while it is parsed."""

    def __init__(
        self,
        texts: list[str],
        dated: frozenset[int],
        first_day: date,
        merges: dict[int, list[tuple[int, int, int]]],
    ) -> None:
        self.texts, self.dated, self.first_day, self.merges = texts, dated, first_day, merges
        self.ready: list[Row] = []
        self.cells: list[Cell] = []
        self.number = 0
        self.column = -1
        self.kind = ""
        self.style = 0
        self.reading = False
        self.pieces: list[str] = []
        self.open_merges: dict[int, tuple[Cell, int]] = {}  # column → what stands above, until which row
        self.columns: dict[str, int] = {}

    def take(self) -> list[Row]:
        done, self.ready = self.ready, []
        return done

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c" or name.endswith(":c"):
            reference = attributes.get("r", "")
            letters = reference.rstrip("0123456789")
            if letters:
                known = self.columns.get(letters)
                if known is None:
                    match = _REFERENCE.fullmatch(reference)
                    if match is None:
                        raise Invalid(xlsx_package.UNREADABLE)
                    known = self.columns[letters] = xlsx_package.column(match[1])
                self.column = known
            else:
                self.column += 1
            self.kind = attributes.get("t", "n")
            self.style = int(attributes.get("s", 0))
            self.pieces.clear()
        elif name in ("v", "t") or name.endswith((":v", ":t")):
            self.reading = True
        elif name == "row" or name.endswith(":row"):
            number = attributes.get("r")
            self.number = int(number) if number else self.number + 1
            if not 0 < self.number <= MAX_ROW_NUMBER:
                raise Invalid(xlsx_package.UNREADABLE)
            self.cells, self.column = [], -1

    def data(self, text: str) -> None:
        if self.reading:
            self.pieces.append(text)

    def end(self, name: str) -> None:
        if name in ("v", "t") or name.endswith((":v", ":t")):
            self.reading = False
        elif name == "c" or name.endswith(":c"):
            if self.pieces and self.column < MAX_COLUMNS:
                value = self._value("".join(self.pieces))
                if value is not None:
                    self.cells.extend([None] * (self.column + 1 - len(self.cells)))
                    self.cells[self.column] = value
            self.pieces.clear()
        elif name == "row" or name.endswith(":row"):
            self._finish()

    def _finish(self) -> None:
        filled = bool(self.cells)
        borrowed: set[int] = set()
        if self.open_merges and filled:
            for column, (value, last) in list(self.open_merges.items()):
                if self.number > last:
                    del self.open_merges[column]
                elif value is not None and (column >= len(self.cells) or self.cells[column] is None):
                    self.cells.extend([None] * (column + 1 - len(self.cells)))
                    self.cells[column] = value
                    borrowed.add(column)
        for left, right, bottom in self.merges.get(self.number, ()):
            value = self.cells[left] if left < len(self.cells) else None
            if bottom > self.number:
                for column in range(left, min(right, MAX_COLUMNS - 1) + 1):
                    self.open_merges[column] = (value if column == left else None, bottom)
        if filled:
            self.ready.append(Row(self.number, self.cells, frozenset(borrowed)))

    def _value(self, text: str) -> Cell:
        if self.kind == "s":
            return self.texts[int(text)].strip() or None
        if self.kind == "n":
            try:
                number = Decimal(text)
            except InvalidOperation:
                raise Invalid(xlsx_package.UNREADABLE) from None
            if not number.is_finite():
                return None
            if len(text) > 400 or abs(number.adjusted()) > MAX_EXPONENT:
                return text[:MAX_CELL]  # written out it would fill the memory; as text it is no amount
            if self.style in self.dated and 0 < number < 200_000:
                return self.first_day + timedelta(days=int(number))
            return number
        if self.kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if self.kind == "d":
            return text[:10]
        return text.strip()[:MAX_CELL] or None
