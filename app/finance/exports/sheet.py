"""What an export is made of: a title, typed columns, and batches of rows as columns of values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection, Select

from app.finance.periods import Period
from app.sheets.columns import Column

BATCH = 5000  # rows fetched at once


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows` reads from the connection given, in bounded batches, as plain tuples."""

    name: str
    columns: Sequence[Column]
    rows: Callable[[Connection], Iterator[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """`personal`: with the columns that tell who gave."""

    period: Period
    personal: bool
    language: str


def batches(connection: Connection, statement: Select[Any]) -> Iterator[list[Sequence[Any]]]:
    """Rows in batches, each given as its columns; streamed, never the whole result in memory."""
    found = connection.execution_options(stream_results=True, max_row_buffer=BATCH).execute(statement)
    for rows in found.partitions(BATCH):
        yield list(zip(*rows, strict=True))


class Labels(dict[Any, Any]):
    """Stored value → what is shown, translated once: `Labels(GiftState)`, `Labels(names)`."""

    def __init__(self, source: Iterable[Any] | Mapping[Any, str]) -> None:
        if isinstance(source, Mapping):
            super().__init__(source)
        else:
            super().__init__({member: _(member.label) for member in source})
        self[None] = None

    def of(self, values: Iterable[Any]) -> Iterable[Any]:
        return map(self.get, values)
