"""Reading XLSX: empty rows cost next to nothing and change nothing."""

from __future__ import annotations

import io
import zipfile
from typing import IO

import pytest

from app.sheets import xlsx_package, xlsx_reader

CELL = '<c r="{0}" t="inlineStr"><is><t>{1}</t></is></c>'
BOOK = '<workbook xmlns:r="r"><sheets><sheet name="a" sheetId="1" r:id="x"/></sheets></workbook>'
RELATIONS = '<Relationships><Relationship Id="x" Target="worksheets/sheet1.xml"/></Relationships>'


def book(rows: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("xl/workbook.xml", BOOK)
        package.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        package.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{rows}</sheetData></worksheet>")
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


@pytest.mark.parametrize("text", ['<![CDATA[<row r="3"/><row r="4"/>]]>', "&lt;row r='3'/&gt;"])
def test_text_that_looks_like_rows_is_text(text: str) -> None:
    (row,) = xlsx_reader.rows(book(f'<row r="1">{CELL.format("A1", text)}</row>'))
    assert "<row" in str(row.cells[0])


@pytest.mark.parametrize("kind", [kind for kind in EMPTY if kind != "without numbers"])
def test_of_a_hundred_thousand_empty_rows_few_are_parsed(kind: str) -> None:
    part: IO[bytes] = io.BytesIO("".join(EMPTY[kind].format(n) for n in range(1, 100_000)).encode())
    assert sum(len(piece) for piece in xlsx_package.without_empty_rows(part)) < 30_000
