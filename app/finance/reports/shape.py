"""What a report is: figures, charts and tables with typed cells. Page and files are made from this alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from app.finance.periods import Span
from app.sheets.columns import Column, Kind

Link = tuple[str, Mapping[str, Any]]  # endpoint and arguments of what is behind a figure


class Level(Enum):
    """How a row stands in its table."""

    LINE = "line"
    PART = "part"  # below a line
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class Row:
    """`cells` match the columns: cents, fractions, whole numbers or text, None where there is nothing to say.
    `link` leads to what is behind the row, `links` to what is behind single cells."""

    cells: tuple[Any, ...]
    level: Level = Level.LINE
    link: Link | None = None
    links: Mapping[int, Link] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """One bar for each row, lying down; (label, value) or (label, value, address)."""

    title: str
    data: Sequence[tuple[str, int | float]]
    note: str = ""
    kind: str = "money"


@dataclass(frozen=True, slots=True)
class Series:
    """Values through time: one stack for each label, or a line for each of the series."""

    title: str
    labels: Sequence[str]
    series: Sequence[Mapping[str, Any]]  # name, values, tone: see docs/components.md
    note: str = ""
    kind: str = "money"
    line: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the two or three that matter, with its definition beside it. None: cannot be said."""

    label: str
    value: int | float | None
    definition: str
    kind: Kind = Kind.AMOUNT
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """`said` are sentences a reader must know to read the figures rightly; `missing` says what is not in it."""

    title: str
    period: str
    figures: Sequence[Figure] = ()
    charts: Sequence[Bars | Series] = ()
    tables: Sequence[Table] = ()
    said: Sequence[str] = ()
    missing: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        return not any(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked for. `names`: whether its reader may see who gave; `in_file`: a page shows less of a long
    list."""

    span: Span
    period: str  # what the span is called
    language: str
    names: bool = False
    in_file: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A report in the list of reports: how it is called, what it answers, and what makes it."""

    title: str
    answers: str
    make: Callable[[Asked], Report]
    by_period: bool = True  # else it looks ahead from today


def entries(asked: Asked, **filters: Any) -> Link:
    """The journal lines behind a figure of this report."""
    return "finance.entries", {**asked.span.query, **{name: value for name, value in filters.items() if value}}
