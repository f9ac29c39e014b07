from __future__ import annotations

import io
import re
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from python_calamine import CalamineWorkbook

from app.sheets import xlsx_writer
from app.sheets.columns import Column, Kind, Words
from app.sheets.xlsx_writer import write_xlsx

COLUMNS = [Column("Naam"), Column("Bedrag", Kind.AMOUNT, total=True), Column("Datum", Kind.DATE),
           Column("Aantal", Kind.INTEGER)]  # fmt: skip
WORDS = Words(rows="Aantal regels", total="Totaal", totals_sheet="Totalen", facts=(("Periode", "2026"),))


def written(rows: Any, name: str = "Giften") -> bytes:
    file = io.BytesIO()
    write_xlsx(file, name, COLUMNS, rows, WORDS)
    return file.getvalue()


def cells(content: bytes, sheet: int = 1) -> list[dict[str, tuple[str | None, str | None]]]:
    """Per row: column letter → (type, value) as they stand in the XML."""
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    root = etree.fromstring(zipfile.ZipFile(io.BytesIO(content)).read(f"xl/worksheets/sheet{sheet}.xml"))
    return [
        {
            re.sub(r"\d", "", cell.get("r")): (cell.get("t"), "".join(cell.itertext()))
            for cell in row.findall("m:c", space)
        }
        for row in root.findall(".//m:row", space)
    ]


def test_cells_are_typed_and_numbers_exact() -> None:
    rows = cells(written([("0612345678", 123450, date(2026, 11, 23), 199999), ("x", -5, date(1899, 1, 1), 0)]))
    assert rows[0] == {letter: ("inlineStr", column.heading) for letter, column in zip("ABCD", COLUMNS, strict=True)}
    assert rows[1] == {"A": ("inlineStr", "0612345678"), "B": (None, "1234.50"), "C": (None, "46349"),
                       "D": (None, "199999")}  # fmt: skip
    assert rows[2] == {"A": ("inlineStr", "x"), "B": (None, "-0.05"), "C": ("inlineStr", "1899-01-01"),
                       "D": (None, "0")}  # fmt: skip


def test_another_reader_reads_the_same() -> None:
    content = written([('José & <Co> "q"', 123456, date(2026, 11, 23), 3), (" spaced ", 100, date(2024, 2, 29), 0)])
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names == ["Giften", "Totalen"]
    assert book.get_sheet_by_name("Giften").to_python()[1:] == [
        ['José & <Co> "q"', 1234.56, date(2026, 11, 23), 3],
        [" spaced ", 1.0, date(2024, 2, 29), 0],
    ]
    assert book.get_sheet_by_name("Totalen").to_python() == [
        ["Periode", "2026"], ["Aantal regels", 2], ["Totaal Bedrag", 1235.56]
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["=1+1", "+31612345678", "-1", "@SUM(1)", "\t=1", "https://evil.example", "007", "1e5"]
)
def test_text_is_text_and_never_run_linked_or_guessed(text: str) -> None:
    content = written([(text, 1, None, 1)])
    assert cells(content)[1]["A"] == ("inlineStr", text)
    whole = zipfile.ZipFile(io.BytesIO(content))
    assert not any(b"<f>" in whole.read(name) or b"hyperlink" in whole.read(name) for name in whole.namelist())


@pytest.mark.parametrize(
    ("text", "stored"),
    [("a\x01b", "a_x0001_b"), ("_x0041_", "_x005F_x0041_"), ("\ud800", "_xD800_"), ("a\rb", "a_x000D_b")],
)
def test_what_xml_cannot_hold_is_written_as_excel_does(text: str, stored: str) -> None:
    assert cells(written([(text, 1, None, 1)]))[1]["A"] == ("inlineStr", stored)


def test_text_longer_than_a_cell_is_cut() -> None:
    stored = cells(written([("x" * 40_000, 1, None, 1)]))[1]["A"][1] or ""
    assert len(stored) == 32_767
    assert stored.endswith("x…")


def test_empty_cells_are_left_out_and_no_rows_are_fine() -> None:
    assert cells(written([(None, None, None, None)]))[1] == {}
    assert len(cells(written([]))) == 1
    assert cells(written([]), sheet=2)[1]["B"] == (None, "0")


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_writer, "MAX_ROWS", 2001)
    content = written(("a", 1, None, number) for number in range(4500))
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names == ["Giften", "Giften (2)", "Giften (3)", "Totalen"]
    numbers = [row[3] for name in book.sheet_names[:3] for row in book.get_sheet_by_name(name).to_python()[1:]]
    assert numbers == list(range(4500))
    assert book.get_sheet_by_name("Totalen").to_python()[1] == ["Aantal regels", 4500]


def test_sheet_names_obey_excel() -> None:
    name = CalamineWorkbook.from_filelike(
        io.BytesIO(written([], name="Giften 2026/11: [alles] van iedereen"))
    ).sheet_names[0]
    assert len(name) <= 31
    assert not re.search(r"[\[\]:*?/\\]", name)
    names = CalamineWorkbook.from_filelike(io.BytesIO(written([], name="Totalen"))).sheet_names
    assert names == ["Totalen", "Totalen (2)"]


def test_memory_stays_bounded(tmp_path: Path) -> None:
    """Ten times the rows take no more memory."""

    def peak(count: int) -> int:
        def rows() -> Iterator[tuple[Any, ...]]:
            for number in range(count):
                yield (f"Naam {number % 50}", number % 97, date(2026, 1, 1), number)

        with open(tmp_path / "out.xlsx", "wb") as file:
            tracemalloc.start()
            write_xlsx(file, "Giften", COLUMNS, rows(), WORDS)
            highest = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return highest

    peak(2000)
    assert peak(40_000) < 1.2 * peak(4000) + 100_000
