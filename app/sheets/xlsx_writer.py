"""XLSX with typed cells, streamed row by row into the zip: bounded memory at any length.

Our own, small writer (docs/decisions/xlsx.md): numbers are written digit for digit, text is only
ever text (inline strings), so nothing in a cell is run, linked or guessed at.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

from app.sheets.columns import Column, Counted, Kind, Part, Words

BATCH = 1000  # rows in memory at once
MAX_ROWS = 1_048_576  # of one sheet, by Excel; more go on in a next sheet
MAX_TEXT = 32_767  # characters of one cell, by Excel
_EPOCH = date(1899, 12, 30).toordinal()
_FIRST_DATE = date(1900, 3, 1)  # Excel counts a 29 February 1900: earlier dates are written as text
_UNSAFE = re.compile(r"[&<>\x00-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_|^\s|\s$")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_HEAD, _AMOUNT, _DATE, _INTEGER, _PERCENT = 1, 2, 3, 4, 5  # cell styles, by their place in _STYLES
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def write_xlsx(
    file: IO[bytes],
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    words: Words,
    more: Sequence[tuple[str, Sequence[Column], Sequence[Sequence[Any]]]] = (),
) -> Counted:
    """A sheet called `name` with the rows, short sheets of another kind, and a sheet with the control totals."""
    counted = Counted(columns)
    names: list[str] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=2, strict_timestamps=False) as package:
        source = iter(rows)
        batch = list(islice(source, BATCH))
        while batch or not names:
            names.append(_sheet_name(name, len(names)))
            with _part(package, f"xl/worksheets/sheet{len(names)}.xml") as part:
                batch = _write_sheet(part, columns, source, batch, counted)
        for other, headings, lines in more:
            names.append(_sheet_name(other, 0, taken=names))
            with _part(package, f"xl/worksheets/sheet{len(names)}.xml") as part:
                left = iter(lines)
                _write_sheet(part, headings, left, list(islice(left, BATCH)), Counted(headings))
        names.append(_sheet_name(words.totals_sheet, 0, taken=names))
        with _part(package, f"xl/worksheets/sheet{len(names)}.xml") as part:
            _write_totals(part, counted, words)
        _write_package(package, names)
    return counted


def write_xlsx_parts(
    file: IO[bytes], parts: Sequence[Part], facts_sheet: str, facts: Sequence[tuple[str, str]] = ()
) -> None:
    """A sheet for each table (at most BATCH rows each), and one with what is to be known of them."""
    names: list[str] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=2, strict_timestamps=False) as package:
        for part in parts:
            names.append(_sheet_name(part.name, 0, taken=names))
            source = iter(part.rows)
            with _part(package, f"xl/worksheets/sheet{len(names)}.xml") as sheet:
                _write_sheet(sheet, part.columns, source, list(islice(source, BATCH)), Counted(part.columns))
        names.append(_sheet_name(facts_sheet, 0, taken=names))
        with _part(package, f"xl/worksheets/sheet{len(names)}.xml") as sheet:
            _write_facts(sheet, [(label, Kind.TEXT, text) for label, text in facts])
        _write_package(package, names)


def _write_sheet(
    part: IO[bytes], columns: Sequence[Column], source: Any, batch: list[Sequence[Any]], counted: Counted
) -> list[Sequence[Any]]:
    """One sheet until the rows end or it is full; returns the rows that did not fit."""
    letters = [_letters(index) for index in range(len(columns))]
    part.write(_sheet_start(columns).encode())
    heads = "".join(
        f'<c r="{letter}1" s="{_HEAD}" t="inlineStr"><is>{_text(column.heading)}</is></c>'
        for letter, column in zip(letters, columns, strict=True)
    )
    part.write(f'<row r="1">{heads}</row>'.encode())
    makers = [(letter, _maker(column.kind)) for letter, column in zip(letters, columns, strict=True)]
    number = 1
    while batch and number + len(batch) <= MAX_ROWS:
        counted.add(batch)
        out = []
        for number, row in enumerate(batch, number + 1):  # noqa: B020 (counts on)
            cells = "".join(
                [
                    f'<c r="{letter}{number}"{make(value)}</c>'
                    for (letter, make), value in zip(makers, row, strict=True)
                    if value is not None
                ]
            )
            out.append(f'<row r="{number}">{cells}</row>')
        part.write("".join(out).encode())
        batch = list(islice(source, BATCH))
    part.write(b"</sheetData></worksheet>")
    return batch


def _write_totals(part: IO[bytes], counted: Counted, words: Words) -> None:
    facts: list[tuple[str, Kind, Any]] = [(label, Kind.TEXT, text) for label, text in words.facts]
    _write_facts(part, facts + counted.lines(words))


def _write_facts(part: IO[bytes], lines: Sequence[tuple[str, Kind, Any]]) -> None:
    part.write(_sheet_start([Column("", width=36), Column("", width=24)], head=False).encode())
    for number, (label, kind, value) in enumerate(lines, 1):
        cells = f'<c r="A{number}" s="{_HEAD}" t="inlineStr"><is>{_text(label)}</is></c>'
        part.write(f'<row r="{number}">{cells}<c r="B{number}"{_maker(kind)(value)}</c></row>'.encode())
    part.write(b"</sheetData></worksheet>")


def _maker(kind: Kind) -> Callable[[Any], str]:
    """What stands between `<c r="A1"` and `</c>` for a value."""
    if kind is Kind.AMOUNT:
        return _amount
    if kind is Kind.DATE:
        return _date
    if kind is Kind.INTEGER:
        return lambda number: f' s="{_INTEGER}"><v>{number:d}</v>'
    if kind is Kind.PERCENT:
        return lambda fraction: f' s="{_PERCENT}"><v>{fraction:.6f}</v>'
    return lambda text: f' t="inlineStr"><is>{_text(text)}</is>'


@lru_cache(maxsize=20_000)
def _amount(cents: int) -> str:
    euros, rest = divmod(abs(cents), 100)
    return f' s="{_AMOUNT}"><v>{"-" if cents < 0 else ""}{euros}.{rest:02d}</v>'


@lru_cache(maxsize=20_000)
def _date(day: date) -> str:
    if day < _FIRST_DATE:
        return f' t="inlineStr"><is><t>{day.isoformat()}</t></is>'
    return f' s="{_DATE}"><v>{day.toordinal() - _EPOCH}</v>'


def _text(text: str) -> str:
    """A `<t>` element. Characters XML has no place for are written as Excel does, `_x0001_`."""
    text = str(text)
    if len(text) > MAX_TEXT:
        text = text[: MAX_TEXT - 1] + "…"
    if not _UNSAFE.search(text):
        return f"<t>{text}</t>"
    text = _ILLEGAL.sub(lambda match: f"_x{ord(match[0][0]):04X}_", text)
    return f'<t xml:space="preserve">{escape(text)}</t>'


def _letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _sheet_name(name: str, number: int, taken: Sequence[str] = ()) -> str:
    """At most 31 characters, none of `[]:*?/\\`, no quote at the ends; numbered from the second on."""
    bare = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name).strip("' ") or "Sheet"
    suffix = f" ({number + 1})" if number else ""
    made = bare[: 31 - len(suffix)] + suffix
    return made if made not in taken else _sheet_name(name, number + 1, taken)


def _part(package: zipfile.ZipFile, path: str) -> IO[bytes]:
    return package.open(path, "w", force_zip64=True)


def _sheet_start(columns: Sequence[Column], *, head: bool = True) -> str:
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{column.width}" customWidth="1"/>'
        for number, column in enumerate(columns, 1)
    )
    frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' if head else ""
    views = f'<sheetViews><sheetView workbookViewId="0">{frozen}</sheetView></sheetViews>'
    return f"{_XML}<worksheet {_MAIN}>{views}<cols>{widths}</cols><sheetData>"


def _write_package(package: zipfile.ZipFile, names: Sequence[str]) -> None:
    """The parts around the sheets."""
    numbered = list(enumerate(names, 1))
    sheets = "".join(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>' for n, name in numbered)
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n, _ in numbered
    )
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>' for n, _ in numbered
    )
    parts = {
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
            f'<Relationship Id="rId0" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>'
        ),
        "xl/styles.xml": _STYLES,
        "_rels/.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{overrides}</Types>'
        ),
    }
    for path, content in parts.items():
        package.writestr(path, _XML + content)


_STYLES = (
    f'<styleSheet {_MAIN}><numFmts count="1"><numFmt numFmtId="164" formatCode="dd\\-mm\\-yyyy"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="10" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
