"""What both sheets share: headings that are found by their names, cells that are read strictly, and what is wrong."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.base.errors import DomainError, Invalid
from app.base.states import N_
from app.sheets.amounts import cents_of
from app.sheets.reading import Row
from app.ui.fields import parse_date

HEADER_LOOK = 15
SHOWN = 100  # wrong rows that are told


@dataclass(slots=True)
class Problem(Exception):  # noqa: N818 (said to people, not raised at programmers)
    """What is wrong in a row of the file, and in which column."""

    row: int
    field: str
    message: str
    params: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: what it is called in the template (Dutch, English), other names it goes by, and an example."""

    name: str
    dutch: str
    english: str
    others: tuple[str, ...] = ()
    example: str = ""


class Problems(list[Problem]):
    """The first of them; `total` counts all."""

    total = 0

    def note(self, problem: Problem) -> None:
        self.total += 1
        if len(self) < SHOWN:
            self.append(problem)


def _bare(name: object) -> str:
    return re.sub(r"[^a-z ]", "", str(name or "").lower()).strip()


def found_columns(rows: Iterable[Row], headings: Sequence[Heading]) -> tuple[int, dict[str, int]]:
    """(row of the headings, field → column) of the first rows that look most like headings. Raises Invalid for none."""
    known = {_bare(name): each.name for each in headings for name in (each.dutch, each.english, *each.others)}
    best: tuple[int, dict[str, int]] = (0, {})
    for row in rows:
        columns: dict[str, int] = {}
        for index, cell in enumerate(row.cells):
            name = known.get(_bare(cell))
            if name is not None:
                columns.setdefault(name, index)
        if len(columns) > len(best[1]):
            best = (row.number, columns)
    if len(best[1]) < 2:
        raise Invalid(N_("The headings of the template are not in this file. Take the template and fill it in."))
    return best


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the sheet, by the names of its columns."""

    row: Row
    columns: Mapping[str, int]

    @property
    def number(self) -> int:
        return self.row.number

    def wrong(self, field: str, message: str, **params: Any) -> Problem:
        return Problem(self.row.number, field, message, {name: _said(value) for name, value in params.items()})

    def text(self, name: str, longest: int = 200) -> str:
        cell = self.row.cell(self.columns[name]) if name in self.columns else None
        if isinstance(cell, Decimal):
            said = f"{cell:f}"
            return said.rstrip("0").rstrip(".") if "." in said else said
        text = " ".join(str("" if cell is None else cell).split())
        # A spreadsheet that protects text from being a formula puts a quote before it.
        text = text.removeprefix("'")
        if len(text) > longest:
            raise self.wrong(name, N_("This is too long: at most %(longest)s characters."), longest=longest)
        return text

    def cents(self, name: str) -> int:
        """Signed cents, 0 where nothing stands there."""
        cell = self.row.cell(self.columns[name]) if name in self.columns else None
        if cell is None or (isinstance(cell, str) and cell.strip() in ("", "-", "–")):
            return 0
        try:
            return cents_of(cell)
        except DomainError as error:
            raise self.wrong(name, error.message, **error.params) from None
        except ValueError:
            raise self.wrong(name, N_("“%(text)s” is not an amount."), text=cell) from None

    def day(self, name: str) -> date | None:
        cell = self.row.cell(self.columns[name]) if name in self.columns else None
        if cell is None or isinstance(cell, date):
            return cell
        text = str(cell).strip()
        if not text:
            return None
        try:
            day = parse_date(text)
        except ValueError:
            raise self.wrong(name, N_("“%(text)s” is not a date."), text=text) from None
        if not 1990 <= day.year <= 2100:
            raise self.wrong(name, N_("“%(text)s” is not a date."), text=text)
        return day


def _said(value: Any) -> Any:
    return value if isinstance(value, int | date) else str(value)[:60]


def lines(rows: Iterator[Row], header_row: int, columns: Mapping[str, int], most: int) -> Iterator[Line]:
    """The rows below the headings; the foot that sums them is left out. Raises Invalid for too many."""
    first = min(columns.values())
    for count, row in enumerate((row for row in rows if row.number > header_row), 1):
        if count > most:
            raise Invalid(N_("There are more than %(most)s rows in this file. Please split it."), most=most)
        if not re.match(r"(sub)?tota(a)?l\b", str(row.cell(first) or "").strip().lower()):
            yield Line(row, columns)


def named(rows: Iterable[Any], names: Callable[[Any], Iterable[str]]) -> dict[str, Any]:
    """Rows by each of their names in small letters, for finding what a cell means."""
    return {name.strip().lower(): row for row in rows for name in names(row) if name}
