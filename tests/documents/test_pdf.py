"""PDFs are archival, accessible, the same each time, and hold text as text."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader

from app.documents import pdf
from app.organisation.letterhead import letterhead
from config import ROOT

LETTER = {
    "lang": "nl",
    "title": "Verzoek om betaling",
    "date": "2026-11-23",
    "organisation": {"name": "Stichting De Coalitie", "address": ["Den Haag"], "footer": ["KvK 12345678"]},
    "recipient": ["Adessium Foundation", "2810 AB  REEUWIJK"],
    "details": [["Datum", "23 november 2026"]],
    "subject": "Verzoek om betaling van termijn 2",
    "paragraphs": ["Geachte heer,\nregel twee", "Met een ŵ en een ë."],
    "table": {"columns": ["Wat", "Bedrag"], "rows": [["Termijn 2", "€ 50.000,00"]], "numbers": [1]},
    "closing": "Met vriendelijke groet,",
    "signatory": ["J. Jansen"],
}


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_a_letter_is_archival_tagged_and_the_same_each_time() -> None:
    made = pdf.render("letter.typ", LETTER)
    assert made == pdf.render("letter.typ", dict(reversed(LETTER.items())))
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in made
    assert b"<pdfuaid:part>1</pdfuaid:part>" in made
    reader = PdfReader(io.BytesIO(made))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"] == True  # noqa: E712
    assert reader.trailer["/Root"]["/Lang"] == "nl"
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Verzoek om betaling", "Stichting De Coalitie")
    text = text_of(made)
    for words in ("Verzoek om betaling van termijn 2", "€ 50.000,00", "Met een ŵ en een ë.", "KvK 12345678"):
        assert words in text


@pytest.mark.parametrize(
    "typed",
    [
        '#eval("1+1")',
        '#read("/etc/passwd")',
        "*vet* _schuin_ $x^2$",
        "= kop\n- lijst",
        "// weg /* weg */",
        '"\\u{41}"',
        "<label> @ref",
    ],
)
def test_what_people_type_is_never_markup(typed: str) -> None:
    made = text_of(pdf.render("letter.typ", {**LETTER, "paragraphs": [typed]}))
    for line in typed.split("\n"):
        assert line in made


def test_letters_without_a_glyph_become_a_visible_mark() -> None:
    made = text_of(pdf.render("letter.typ", {**LETTER, "subject": "Dank\u200b 👍🏽 中 \u0000\u202e e\u0301"}))
    assert f"Dank {pdf.MISSING}{pdf.MISSING} {pdf.MISSING}  é" in made.replace("\n", " ") + " "


@pytest.mark.parametrize("template", ["../layouts/staff.html", "/etc/passwd", "../../config.typ", "letter"])
def test_only_templates_of_the_folder_are_rendered(template: str) -> None:
    with pytest.raises(ValueError):
        pdf.render(template, LETTER)


def test_many_at_once_do_not_mix() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: pdf.render("letter.typ", {**LETTER, "subject": f"Brief {n}."}), range(24)))
    assert all(f"Brief {n}." in text_of(content) for n, content in enumerate(made))


def test_the_letterhead_works_before_the_organisation_is_set_up(app: Flask) -> None:
    with app.test_request_context():
        assert "Draagvlak" in text_of(pdf.render("letter.typ", {**LETTER, "organisation": letterhead()}))


def test_starting_the_application_loads_none_of_it(tmp_path: Path) -> None:
    heavy = "typst", "docx", "lxml", "font_source_sans_pro", "alembic"
    code = f"import app, sys; app.create_app(); print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"DATA_DIR": str(tmp_path)}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
