"""What an export is made of: a title, typed columns, and batches of rows as columns of values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection, Select, String, type_coerce

from app.base.references import code_of
from app.finance.periods import Period
from app.sheets.columns import Column

BATCH = 200  # rows fetched at once, as many as a CSV writes: see sheets/csv_writer.py


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


def as_text(column: Any) -> Any:
    """A column of a labelled enum as the value that is stored, for `Labels`: no member is looked up for each row."""
    return type_coerce(column, String)


class Labels(dict[Any, Any]):
    """Stored value → what is shown, translated once: `Labels(GiftState)`, `Labels(names)`."""

    def __init__(self, source: Iterable[Any] | Mapping[Any, str]) -> None:
        if isinstance(source, Mapping):
            super().__init__(source)
        else:
            labels = {member: _(member.label) for member in source}
            super().__init__(labels | {member.value: label for member, label in labels.items()})
        self[None] = None

    def of(self, values: Iterable[Any]) -> Iterable[Any]:
        return map(self.get, values)


def codes(ids: Sequence[int | None]) -> Iterable[str | None]:
    """Codes of row ids, each made once: lines of one entry stand together."""
    made: dict[int | None, str] = {row_id: code_of(row_id) for row_id in set(ids) if row_id}
    return map(made.get, ids)
