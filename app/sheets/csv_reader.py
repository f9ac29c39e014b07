"""CSV as other programs write it: any usual encoding and separator."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

from app.base.errors import Invalid
from app.base.states import N_
from app.sheets.reading import MAX_CELL, MAX_COLUMNS, NO_SHEET, Cell, Row

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SEPARATORS = ";\t,|"
_LOOK = 20  # lines looked at to find the separator


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 with its mark, or Windows-1252 (what Dutch Windows writes)."""
    encoding = next((name for mark, name in _BOMS if content.startswith(mark)), "")
    if not encoding and b"\x00" in content:
        raise Invalid(NO_SHEET)
    for each in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            text = content.decode(each)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise Invalid(N_("The letters of this file cannot be read. Save it as CSV in UTF-8, or as .xlsx."))


def separator(text: str) -> str:
    """The separator that splits the first lines most, and most evenly."""
    lines = [line for line in text[:65536].splitlines() if line.strip()][:_LOOK]
    best, found = 0, ";"
    for each in _SEPARATORS:
        counts = [len(cells) for cells in csv.reader(lines, delimiter=each)]
        # The width most lines agree on; a title above the headings has no say.
        width = max(set(counts), key=lambda count: (counts.count(count), count)) if counts else 0
        score = (width - 1) * counts.count(width) if width else 0
        if score > best:
            best, found = score, each
    return found


def rows(text: str) -> Iterator[Row]:
    """The filled rows; a row's number is that of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator(text))
    start = 1
    try:
        for cells in reader:
            number, start = start, reader.line_num + 1
            if any(cells):
                if len(cells) > MAX_COLUMNS:
                    cells = cells[:MAX_COLUMNS]
                tidy: list[Cell] = [cell.strip()[:MAX_CELL] or None for cell in cells]
                if any(tidy):
                    yield Row(number, tidy)
    except csv.Error:
        raise Invalid(
            N_("Row %(row)s cannot be read: a quote is not closed, or a cell is too long."), row=start
        ) from None
