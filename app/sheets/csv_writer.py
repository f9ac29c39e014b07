"""CSV that opens rightly in a Dutch Excel, and plain CSV for programs. Bounded memory.

Cells of text that a spreadsheet would run as a formula get a quote in front. Phone numbers
(`+` and then digits and spaces only) and amounts, which are numbers, stay as they are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, TextIO

from app.sheets.columns import Column, Counted, Kind, Part, Words
from app.sheets.spelt import Spelt

BATCH = 200  # rows at once; few enough that the garbage collector is not woken for them: it was half the work
_RUNS = frozenset("=+-@\t\r\n＝＋－＠")  # a spreadsheet reads text starting so as a formula
_PHONE = re.compile(r"\+[0-9][0-9 ]*")


@dataclass(frozen=True, slots=True)
class Dialect:
    bom: bool
    separator: str
    decimal: str
    date_format: str


DUTCH = Dialect(bom=True, separator=";", decimal=",", date_format="%d-%m-%Y")
PLAIN = Dialect(bom=False, separator=",", decimal=".", date_format="%Y-%m-%d")


def write_csv(
    file: TextIO, columns: Sequence[Column], rows: Iterable[Sequence[Any]], words: Words, dialect: Dialect = DUTCH
) -> Counted:
    """Headings, rows, an empty line and the control totals. `file` is opened by `open_csv`."""
    if dialect.bom:
        file.write("\ufeff")
    counted = _write_rows(file, columns, rows, dialect)
    file.write("\r\n")
    out = _writer(file, dialect)
    for label, kind, value in counted.lines(words):
        out.writerow([neutral(label), *_converter(kind, dialect)([value])])
    return counted


def write_csv_parts(
    file: TextIO, parts: Sequence[Part], facts: Sequence[tuple[str, str]] = (), dialect: Dialect = DUTCH
) -> None:
    """Several tables below each other, each under its name, then what is to be known of them as label and text."""
    if dialect.bom:
        file.write("\ufeff")
    out = _writer(file, dialect)
    for part in parts:
        out.writerow([neutral(part.name)])
        _write_rows(file, part.columns, part.rows, dialect)
        file.write("\r\n")
    out.writerows([neutral(label), neutral(text)] for label, text in facts)


def _writer(file: TextIO, dialect: Dialect) -> Any:
    return csv.writer(file, delimiter=dialect.separator, lineterminator="\r\n")


def _write_rows(file: TextIO, columns: Sequence[Column], rows: Iterable[Sequence[Any]], dialect: Dialect) -> Counted:
    text = io.StringIO(newline="")  # a batch at a time goes to the file: encoding row by row costs as much again
    out = _writer(text, dialect)
    out.writerow([neutral(column.heading) for column in columns])
    converters = [_converter(column.kind, dialect) for column in columns]
    counted = Counted(columns)
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        counted.add(batch)
        # Column by column: three times as fast as cell by cell.
        by_column = [convert(values) for convert, values in zip(converters, zip(*batch, strict=True), strict=True)]
        out.writerows(zip(*by_column, strict=True))
        file.write(text.getvalue())
        text.seek(0)
        text.truncate()
    file.write(text.getvalue())
    return counted


def open_csv(path: Any) -> TextIO:
    """A new text file for write_csv: UTF-8, line ends as written."""
    return open(path, "w", encoding="utf-8", newline="", errors="replace")  # noqa: SIM115 (the caller closes it)


def neutral(text: str | None) -> str | None:
    """Text that no spreadsheet runs: a quote goes before what would be a formula."""
    if not text:
        return text
    first = text[0]
    if first in _RUNS:
        return text if first == "+" and _PHONE.fullmatch(text) else "'" + text
    if first.isspace() and text.lstrip()[:1] in _RUNS:  # some programs strip before they look
        return "'" + text
    return text


def _neutral_column(values: Sequence[str | None]) -> Iterable[str | None]:
    """`neutral` for a whole column; most need no more than a look at their first characters."""
    heads = {value[0] for value in values if value}
    if heads.isdisjoint(_RUNS) and not any(head.isspace() for head in heads):
        return values
    return map(neutral, values)


def _converter(kind: Kind, dialect: Dialect) -> Callable[[Sequence[Any]], Iterable[Any]]:
    """What turns a column of values into what csv writes."""
    if kind is Kind.TEXT:
        return _neutral_column
    if kind is Kind.INTEGER:
        return lambda values: values
    mark, date_format = dialect.decimal, dialect.date_format

    def amount(cents: int) -> str:
        euros, rest = divmod(abs(cents), 100)
        return f"{'-' if cents < 0 else ''}{euros}{mark}{rest:02d}"

    def day(value: date) -> str:
        return value.strftime(date_format)

    def percent(fraction: float) -> str:
        return f"{fraction * 100:.2f}%".replace(".", mark)

    spell: dict[Kind, Callable[[Any], str]] = {Kind.AMOUNT: amount, Kind.PERCENT: percent, Kind.DATE: day}
    spelt = Spelt(spell[kind])
    return lambda values: map(spelt.__getitem__, values)
