"""What a report draws on paper is what its page draws."""

from __future__ import annotations

from datetime import date

from flask import Flask
from flask_babel import force_locale

from app.finance.reports.files import _chart, as_pdf
from app.finance.reports.shape import Bars, Report, Series, Table
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
