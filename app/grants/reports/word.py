"""The report as an editable Word file, of our own making or in a template of the funder.

A template holds placeholders such as {{ funder }}; they are replaced by text and never evaluated, so what a
template says can do nothing. Unknown placeholders stay as they are, in sight.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _

from app.base.errors import Invalid
from app.base.states import N_
from app.grants.reports.pack import Pack, facts, tables
from app.organisation.queries import profile
from app.ui import filters

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]{1,40})\s*\}\}")
MAX_UNPACKED = 40 * 1024 * 1024  # bytes
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def as_docx(pack: Pack, template: bytes | None = None) -> bytes:
    """Raises Invalid where the template is no Word file, is too large unpacked, or declares entities."""
    import docx

    if template is None:
        document = docx.Document()
        _write(document, pack)
    else:
        check(template)
        try:
            document = docx.Document(io.BytesIO(template))
        except Exception as error:  # a damaged file fails in many ways, deep in its parser
            raise Invalid(N_("This template cannot be read. Save it again as .docx and upload it anew.")) from error
        fill(document, words(pack))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def check(content: bytes) -> None:
    """Refuse bombs and document type declarations before any parser sees them."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise Invalid(N_("This template is too large."))
            for entry in archive.infolist():
                if entry.filename.endswith((".xml", ".rels")) and _declares(archive.read(entry)):
                    raise Invalid(N_("This template holds declarations that are not accepted. Save it again in Word."))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
        raise Invalid(N_("This template cannot be read. Save it again as .docx and upload it anew.")) from None


def _declares(xml: bytes) -> bool:
    # In UTF-16 every other byte is a zero; without them the words are found in any encoding.
    plain = xml.replace(b"\x00", b"")
    return b"<!DOCTYPE" in plain or b"<!ENTITY" in plain


def words(pack: Pack) -> dict[str, str]:
    """What each placeholder stands for."""
    told = "\n\n".join(f"{part.title}\n{part.answer}" for part in pack.texts)
    listed = {
        table["heading"]: "\n".join(" · ".join(filter(None, row)) for row in table["rows"]) for table in tables(pack)
    }
    found = {
        "title": pack.title,
        "project": pack.line.subject,
        "funder": pack.line.funder,
        "reference": pack.reference,
        "granted": filters.money(pack.granted_cents) if pack.granted_cents is not None else "",
        "organisation": profile().name,
        "due_on": filters.long_date(pack.row.due_on),
        "period_from": filters.long_date(pack.row.period_from) if pack.row.period_from else "",
        "period_to": filters.long_date(pack.row.period_to) if pack.row.period_to else "",
        "narrative": told,
        "indicators": listed.get(_("Indicators"), ""),
        "budget": listed.get(_("Budget against actual"), ""),
        "partners": listed.get(_("Partners"), ""),
        "evidence": listed.get(_("Evidence"), ""),
    }
    return {name: _clean(text) for name, text in found.items()}


def fill(document: Document, known: Mapping[str, str]) -> None:
    """Replace placeholders in the text, tables, headers and footers; the first letter's style wins."""
    for paragraph in _paragraphs(document):
        before = "".join(run.text for run in paragraph.runs)
        after = PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), before)
        if after != before:
            first, *rest = paragraph.runs
            first.text = after
            for run in rest:
                run.text = ""


def _paragraphs(document: Document) -> Iterator[Paragraph]:
    places: list[Any] = [document]
    for section in document.sections:
        places += [section.header, section.footer]
    while places:
        place = places.pop()
        yield from place.paragraphs
        places += [cell for table in place.tables for row in table.rows for cell in row.cells]


def _write(document: Document, pack: Pack) -> None:
    document.core_properties.author, document.core_properties.title = profile().name, _clean(pack.title)
    document.add_heading(_clean(pack.title), 0)
    for label, value in facts(pack):
        line = document.add_paragraph()
        line.add_run(f"{label}: ").bold = True
        line.add_run(_clean(value))
    for part in pack.texts:
        document.add_heading(_clean(part.title), 1)
        if part.partner_name:
            document.add_paragraph(_clean(part.partner_name)).runs[0].italic = True
        for text in re.split(r"\n\s*\n", part.answer):
            document.add_paragraph(_clean(text))
    for table in tables(pack):
        document.add_heading(table["heading"], 1)
        rows = [table["columns"], *table["rows"], *([table["total"]] if table["total"] else [])]
        grid = document.add_table(len(rows), len(table["columns"]), style="Table Grid")
        for cells, row in zip(grid.rows, rows, strict=True):
            for cell, text in zip(cells.cells, row, strict=True):
                cell.text = _clean(text)


def _clean(text: str) -> str:
    """Without the few characters XML has no place for."""
    return _CONTROLS.sub("", text)
