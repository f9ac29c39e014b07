"""Reading XLSX: empty rows cost next to nothing and change nothing."""

from __future__ import annotations

import io
import signal
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

import pytest
import xlsxwriter

from app.base.errors import Invalid
from app.sheets import reading, xlsx_package, xlsx_reader
from app.sheets.amounts import cents_of

CELL = '<c r="{0}" t="inlineStr"><is><t>{1}</t></is></c>'
BOOK = '<workbook xmlns:r="r"><sheets><sheet name="a" sheetId="1" r:id="x"/></sheets></workbook>'
RELATIONS = '<Relationships><Relationship Id="x" Target="worksheets/sheet1.xml"/></Relationships>'


def book(rows: str, behind: str = "", styles: str = "<styleSheet/>") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("xl/styles.xml", styles)
        package.writestr("xl/workbook.xml", BOOK)
        package.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        package.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{rows}</sheetData>{behind}</worksheet>")
    return out.getvalue()


EMPTY = {
    "closed": '<row r="{0}" s="1" ht="15"/>',
    "open and shut": '<row r="{0}"></row>\n',
    "coloured cells": '<row r="{0}"><c r="A{0}" s="1"/><c r="B{0}" s="1"/></row>',
    "without numbers": "<row><c/></row>",
}


@pytest.mark.parametrize("kind", EMPTY)
@pytest.mark.parametrize("numbered", [True, False])
def test_rows_behind_empty_ones_keep_their_number(kind: str, numbered: bool) -> None:
    empty = "".join(EMPTY[kind].format(n) for n in range(2, 5000))
    number = ' r="5000"' if numbered else ""
    first, last = CELL.format("A1", "first"), '<c t="inlineStr"><is><t>last</t></is></c>'
    found = list(xlsx_reader.rows(book(f'<row r="1">{first}</row>{empty}<row{number}>{last}</row>')))
    assert [(row.number, row.cells) for row in found] == [(1, ["first"]), (5000, ["last"])]


def test_an_empty_sheet_before_the_figures_is_passed_over() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as workbook:
        workbook.add_worksheet("Leeg")
        workbook.add_worksheet("Geheim").hide()
        workbook.add_worksheet("Kosten").write(1, 0, "Bedrag")
        workbook.add_worksheet("Meer").write(0, 0, "niet dit")
    assert [(row.number, row.cells) for row in xlsx_reader.rows(out.getvalue())] == [(2, ["Bedrag"])]


@pytest.mark.parametrize("text", ['<![CDATA[<row r="3"/><row r="4"/>]]>', "&lt;row r='3'/&gt;"])
def test_text_that_looks_like_rows_is_text(text: str) -> None:
    (row,) = xlsx_reader.rows(book(f'<row r="1">{CELL.format("A1", text)}</row>'))
    assert "<row" in str(row.cells[0])


@pytest.mark.parametrize("kind", [kind for kind in EMPTY if kind != "without numbers"])
def test_of_a_hundred_thousand_empty_rows_few_are_parsed(kind: str) -> None:
    part: IO[bytes] = io.BytesIO("".join(EMPTY[kind].format(n) for n in range(1, 100_000)).encode())
    assert sum(len(piece) for piece in xlsx_package.without_empty_rows(part)) < 30_000


@contextmanager
def hours_are_too_long() -> Iterator[None]:
    """What grows with the square of its size takes hours of processor time here, what does not a tenth of a second."""

    def over(*_: object) -> None:
        raise AssertionError("twenty seconds of processor time")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, 20)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


FORMATS = '<styleSheet><numFmts><numFmt numFmtId="200" formatCode="{}"/></numFmts></styleSheet>'
SLOW = {
    "rows without numbers": lambda: book("<row/>" * 60_000),
    "rows with cells": lambda: book("<row><c/></row>" * 30_000),
    "a row of many numbers": lambda: book("<row/><row" + " r=" * 60_000 + "><v>1</v></row>"),
    "many numbers before many cells": lambda: book(("<row/><row" + " r=" * 100 + ">" + "<c/>" * 15_000) * 20),
    "merged cells without end": lambda: book("", "<mergeCell" * 200_000),
    "a format of brackets": lambda: book("", styles=FORMATS.format("[" * 400_000)),
}


@pytest.mark.parametrize("kind", SLOW)
def test_a_file_made_to_cost_time_costs_none(kind: str) -> None:
    with hours_are_too_long(), suppress(Invalid):
        list(xlsx_reader.rows(SLOW[kind]()))


@pytest.mark.parametrize("number", ["1E999999999", "-1E+999999999", "1E-999999999", "0E999999999", "9" * 500])
def test_a_number_that_would_fill_the_memory_is_text(number: str) -> None:
    (row,) = xlsx_reader.rows(book(f'<row r="1"><c r="A1"><v>{number}</v></c></row>'))
    assert row.cells == [number]
    with hours_are_too_long(), pytest.raises((ValueError, Invalid)):
        cents_of(row.cells[0])


def test_a_damaged_workbook_gives_rows_or_a_clear_error() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for row in range(40):
            sheet.write_row(row, 0, [f"Name {row}", row * 1.5])
    whole = out.getvalue()
    for place in range(0, len(whole), 5):
        with suppress(Invalid):
            list(reading.rows_of(whole[:place] + bytes([whole[place] ^ 0xA5]) + whole[place + 1 :], reading.XLSX))


@pytest.mark.parametrize("head", ["<?xml version='1.0' encoding='UT2-8'?>", "<?xml version='1.0' encoding='hex'?>"])
def test_an_encoding_that_is_none_is_refused(head: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("xl/workbook.xml", head + BOOK)
    with pytest.raises(Invalid):
        list(reading.rows_of(out.getvalue(), reading.XLSX))


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity"])
def test_a_day_that_is_no_number_is_empty(number: str) -> None:
    styles = "<styleSheet><cellXfs><xf numFmtId='14'/></cellXfs></styleSheet>"
    cells = f'<c r="A1" s="0"><v>{number}</v></c>{CELL.format("B1", "x")}'
    (row,) = reading.rows_of(book(f'<row r="1">{cells}</row>', styles=styles), reading.XLSX)
    assert row.cells == [None, "x"]


@pytest.mark.parametrize("number", ["0", "-1", "1048577", "9" * 30, "x"])
def test_a_row_that_no_sheet_has_is_refused(number: str) -> None:
    with pytest.raises(Invalid):
        list(reading.rows_of(book(f'<row r="{number}">{CELL.format("A1", "x")}</row>'), reading.XLSX))
