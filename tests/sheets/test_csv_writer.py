from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sheets.columns import Column, Kind, Words
from app.sheets.csv_writer import BATCH, DUTCH, PLAIN, Dialect, neutral, write_csv

COLUMNS = [Column("Naam"), Column("Bedrag", Kind.AMOUNT, total=True), Column("Datum", Kind.DATE),
           Column("Aantal", Kind.INTEGER)]  # fmt: skip
WORDS = Words(rows="Aantal regels", total="Totaal", totals_sheet="Totalen")
ROWS = [("José", 123456, date(2026, 11, 23), 3), ('A;B "C"', -1250, date(2024, 2, 29), 0), (None, None, None, None)]


def written(rows: list[tuple[object, ...]], dialect: Dialect = DUTCH) -> str:
    file = io.StringIO(newline="")
    write_csv(file, COLUMNS, rows, WORDS, dialect)
    return file.getvalue()


def test_the_default_is_the_dutch_one() -> None:
    assert written(ROWS) == (
        "\ufeffNaam;Bedrag;Datum;Aantal\r\n"
        "José;1234,56;23-11-2026;3\r\n"
        '"A;B ""C""";-12,50;29-02-2024;0\r\n'
        ";;;\r\n"
        "\r\n"
        "Aantal regels;3\r\n"
        "Totaal Bedrag;1222,06\r\n"
    )


def test_the_plain_one_is_for_programs() -> None:
    assert written(ROWS[:2], PLAIN) == (
        "Naam,Bedrag,Datum,Aantal\r\n"
        "José,1234.56,2026-11-23,3\r\n"
        '"A;B ""C""",-12.50,2024-02-29,0\r\n'
        "\r\n"
        "Aantal regels,2\r\n"
        "Totaal Bedrag,1222.06\r\n"
    )


def test_no_rows_give_headings_and_zero_totals() -> None:
    assert written([]).splitlines() == ["\ufeffNaam;Bedrag;Datum;Aantal", "", "Aantal regels;0", "Totaal Bedrag;0,00"]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", "-2", "+", "+31+1", " =1", "＝1",
     "+31=cmd", "+31 6;=1"],
)  # fmt: skip
def test_what_a_spreadsheet_would_run_gets_a_quote(text: str) -> None:
    assert neutral(text) == "'" + text


@pytest.mark.parametrize(
    "text",
    ["+31612345678", "+31 6 12345678", "+32 2 555 12 12", "06-12345678", "Jan-Willem", "a=b", "", "1-2", "O'Hara"],
)
def test_phone_numbers_and_ordinary_text_stay_as_they_are(text: str) -> None:
    assert neutral(text) == text


def test_nothing_is_nothing() -> None:
    assert neutral(None) is None


@given(st.text(max_size=30))
def test_no_text_cell_starts_a_formula_and_all_are_read_back(text: str) -> None:
    out = written([(text, 0, None, 1)], PLAIN)
    cell = next(iter(list(csv.reader(io.StringIO(out, newline=""), strict=True))[1:]))[0]
    assert cell in (text, "'" + text)
    if not re.fullmatch(r"\+[0-9][0-9 ]*", cell):
        assert cell.lstrip()[:1] not in set("=+-@\t\r\n＝＋－＠") or not cell.lstrip()


def test_rows_are_taken_in_batches() -> None:
    taken = 0
    seen: list[int] = []

    def rows() -> object:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield ("a", number, None, 1)

    class Watching(io.StringIO):
        def write(self, text: str) -> int:
            seen.append(taken)
            return len(text)

    counted = write_csv(Watching(newline=""), COLUMNS, rows(), WORDS)  # type: ignore[arg-type]
    assert counted.rows == 10_000
    assert counted.sums == {1: sum(range(10_000))}
    assert sorted(set(seen)) == list(range(0, 10_001, BATCH))
