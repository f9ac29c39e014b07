"""What a sheet holds: typed columns. Amounts travel as integer cents, dates as dates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Kind(Enum):
    TEXT = "text"
    AMOUNT = "amount"  # integer cents
    INTEGER = "integer"
    PERCENT = "percent"  # a fraction: 0.1234 is 12,34%
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """`width` in characters, for XLSX. Of columns with `total` the sum is given at the end."""

    heading: str
    kind: Kind = Kind.TEXT
    width: int = 16
    total: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a file that holds several."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Words:
    """What the control totals are called, in the reader's language; `facts` are label and text
    pairs on the totals sheet (period, organisation)."""

    rows: str
    total: str
    totals_sheet: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Counted:
    """Control totals, taken from what was really written: rows, and cents by column index."""

    columns: Sequence[Column]
    rows: int = 0
    sums: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sums = {index: 0 for index, column in enumerate(self.columns) if column.total}

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        self.rows += len(rows)
        for index in self.sums:
            self.sums[index] += sum([row[index] for row in rows if row[index] is not None])

    def lines(self, words: Words) -> list[tuple[str, Kind, int]]:
        """Label, kind and value of each control total."""
        sums = [
            (f"{words.total} {self.columns[index].heading}", self.columns[index].kind, value)
            for index, value in self.sums.items()
        ]
        return [(words.rows, Kind.INTEGER, self.rows), *sums]
