"""What a report draws on paper is what its page draws."""

from __future__ import annotations

import csv
import io
from datetime import date

from flask import Flask
from flask_babel import force_locale
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from app.finance.reports.files import _chart, _parts, as_csv, as_pdf, as_xlsx
from app.finance.reports.shape import Bars, Figure, Level, Report, Row, Series, Table
from app.sheets.columns import Column, Kind
from tests.factories.organisation import make_organisation

LABELS = ("jan", "feb", "mar")
ROWS = [{"name": "A", "values": [100, 200, 400]}, {"name": "B", "values": [100, -200, None], "tone": 4}]


def test_lines_stacks_and_bars_below_nothing_are_drawn(app: Flask) -> None:
    make_organisation()
    stacks, lines = Series("Stacks", LABELS, ROWS), Series("Lines", LABELS, ROWS, line=True)
    bars = Bars("Bars", [("up", 500), ("down", -250)])
    with app.test_request_context(), force_locale("en"):
        drawn = _chart(stacks, "en")
        assert drawn is not None
        assert len(drawn["bars"]) == 5  # nothing for nothing
        assert {bar[-1] for bar in drawn["bars"]} == {1, 4}
        heights = [bar[3] for bar in drawn["bars"]]
        assert [round(height / heights[0]) for height in heights] == [1, 1, 2, 2, 4]
        assert "feb -€2.00" in drawn["alt"]
        drawn = _chart(lines, "en")
        assert drawn is not None
        assert [len([at for at in places if at]) for _tone, places in drawn["lines"]] == [3, 2]
        drawn = _chart(bars, "en")
        assert drawn is not None
        assert [(row[2], row[3]) for row in drawn["rows"]] == [(100, False), (50, True)]
        assert _chart(Bars("Empty", []), "en") is None
        report = Report("Report", "2026", charts=[stacks, lines, bars], tables=[Table("None", [], [])])
        assert as_pdf(report, date(2026, 11, 28), "en").startswith(b"%PDF-")


def test_files_hold_the_figures_on_top_of_the_page_as_numbers(app: Flask) -> None:
    figures = [
        Figure("Uit subsidies", 12_345, "Zoals verantwoord."),
        Figure("Grootste gever", 0.25, "Van alle baten.", Kind.PERCENT),
        Figure("Dekking", None, "Niet te zeggen.", Kind.PERCENT),
    ]
    report = Report("Report", "2026", figures=figures, tables=[Table("None", [Column("A")], [Row(("x",))])])
    make_organisation()
    with app.test_request_context(), force_locale("nl"):
        text = as_csv(report, date(2026, 11, 28), "nl").decode("utf-8-sig")
        book = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx(report, date(2026, 11, 28), "nl")))
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert ["Uit subsidies", "123,45", "", "Zoals verantwoord."] in rows
    assert ["Grootste gever", "", "25,00%", "Van alle baten."] in rows
    assert ["Dekking", "", "", "Niet te zeggen."] in rows
    assert text.count("Zoals verantwoord.") == 1
    sheet = book.get_sheet_by_name("Kerncijfers").to_python()
    assert ["Uit subsidies", 123.45, "", "Zoals verantwoord."] in sheet
    assert ["Grootste gever", "", 0.25, "Van alle baten."] in sheet


def test_files_say_what_the_page_says_below_a_label(app: Flask) -> None:
    """The funder of a grant, or that money is in no fund."""
    make_organisation()
    rows = [Row(("Vrijgemaakt", 500), note="in geen fonds"), Row(("CKM", 300), Level.PART, note="Adessium")]
    report = Report("Report", "2026", tables=[Table("Funds", [Column("Fund"), Column("Cents", Kind.AMOUNT)], rows)])
    with app.test_request_context(), force_locale("nl"):
        assert [row[0] for row in _parts(report)[0].rows] == ["Vrijgemaakt (in geen fonds)", "  CKM (Adessium)"]
        pages = PdfReader(io.BytesIO(as_pdf(report, date(2026, 11, 28), "nl"))).pages
    text = pages[0].extract_text()
    assert "in geen fonds" in text
    assert "Adessium" in text
