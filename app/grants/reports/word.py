"""The report as an editable Word file, of our own making or in a template of the funder.

A template holds placeholders such as {{ funder }}; they are replaced by text and never evaluated, so what a
template says can do nothing. Unknown placeholders stay as they are, in sight. A list such as {{ budget }},
alone in a paragraph, becomes a table; a row of the funder's own table that holds {{ budget.line }} and the
like is repeated for every line, in the funder's style.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from app.base.errors import Invalid
from app.base.states import N_
from app.base.zips import DAMAGED_ZIP
from app.grants.reports import fields, link_targets, notes, paper
from app.grants.reports.pack import Pack, tables
from app.organisation.queries import profile
from app.ui import filters

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]{1,40}(?:\.[a-z_]{1,40})?)\s*\}\}")
# What a row of a funder's own table may hold, in the order of the columns of our table of that name.
ROWS: dict[str, tuple[str, ...]] = {
    "budget": ("line", "budget", "actual", "left"),
    "figures": ("partner", "line", "amount"),
    "indicators": ("indicator", "partner", "target", "actual"),
    "partners": ("partner", "share", "amount"),
    "evidence": ("file", "partner"),
}
log = logging.getLogger(__name__)
MAX_UNPACKED = 40 * 1024 * 1024  # bytes


def as_docx(pack: Pack, template: bytes | None = None) -> bytes:
    """Raises Invalid where the template is no Word file, is too large unpacked, or declares entities."""
    import docx

    if template is None:
        return paper.as_docx(pack)
    check(template)
    try:
        document = docx.Document(io.BytesIO(template))
        fill(document, words(pack), {table["name"]: table for table in tables(pack)})
        out = io.BytesIO()
        document.save(out)
    except Exception as error:  # a damaged file fails in many ways, deep in its parser, and some only when filled
        log.warning("a funder's template cannot be filled", exc_info=error)
        raise Invalid(N_("This template cannot be read. Save it again as .docx and upload it anew.")) from error
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
    except DAMAGED_ZIP:
        raise Invalid(N_("This template cannot be read. Save it again as .docx and upload it anew.")) from None


def _declares(xml: bytes) -> bool:
    # In UTF-16 every other byte is a zero; without them the words are found in any encoding.
    plain = xml.replace(b"\x00", b"")
    return b"<!DOCTYPE" in plain or b"<!ENTITY" in plain


def words(pack: Pack) -> dict[str, str]:
    """What each placeholder stands for."""
    told = "\n\n".join(f"{part.title}\n{part.answer}" for part in pack.texts)
    listed = {
        table["name"]: "\n".join(" · ".join(filter(None, row)) for row in table["rows"]) for table in tables(pack)
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
        **{name: listed.get(name, "") for name in ROWS},
    }
    return {name: paper.clean(text) for name, text in found.items()}


def fill(document: Document, known: Mapping[str, str], listed: Mapping[str, dict[str, Any]]) -> None:
    """Replace placeholders in text, tables, links, headers, footers and notes; the style of its first letter wins.

    Each paragraph is filled once: what a partner typed is never taken for a placeholder.
    """
    done: set[Any] = set()
    _repeat_rows(document, known, listed, done)
    _set_tables(document, listed, done)
    parts: set[Any] = {document.part}
    for paragraph in _paragraphs(document):
        _fill(paragraph, known, done)
        parts.add(paragraph.part)
    for part in parts:
        link_targets.tidy(part)


def _fill(paragraph: Paragraph, known: Mapping[str, str], done: set[Any]) -> None:
    if paragraph._p in done:
        return
    done.add(paragraph._p)
    link_targets.fill(paragraph, known)
    fields.fill(paragraph, known)
    runs = _runs(paragraph)
    texts = [run.text for run in runs]
    for run, before, after in zip(runs, texts, _filled(texts, known), strict=True):
        if after != before:  # a picture is a run without text, and stays
            run.text = after


def _runs(paragraph: Paragraph) -> list[Run]:
    """All pieces of a paragraph's text, those in links, controls and tracked changes too."""
    from docx.oxml.ns import qn
    from docx.text.run import Run

    mine = (each for each in paragraph._p.iter(qn("w:r")) if next(each.iterancestors(qn("w:p"))) is paragraph._p)
    return [Run(each, paragraph) for each in mine]


def _filled(texts: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """The pieces with placeholders filled, also those that are cut over pieces: what it stands for comes where
    it begins, and the other pieces keep what is theirs."""
    whole, made, start = "".join(texts), [], 0
    found = deque(each for each in PLACEHOLDER.finditer(whole) if each[1] in known)
    for text in texts:
        at, end, pieces = start, start + len(text), [""]
        while found and found[0].start() < end:
            if found[0].start() >= start:
                pieces += [whole[at : found[0].start()], known[found[0][1]]]
            at = min(found[0].end(), end)
            if found[0].end() > end:
                break  # it ends in a later piece
            found.popleft()
        made.append("".join(pieces) + whole[at:end])
        start = end
    return made


def _repeat_rows(
    document: Document, known: Mapping[str, str], listed: Mapping[str, dict[str, Any]], done: set[Any]
) -> None:
    """Repeat each row with {{ list.cell }} for every line of that list; a list without lines takes it out."""
    from docx.table import _Row

    for table in list(_tables(document)):
        for row in list(table.rows):
            held = PLACEHOLDER.findall("\n".join(cell.text for cell in row.cells))
            names = {found.split(".")[0] for found in held if "." in found} & set(ROWS)
            if len(names) != 1:
                continue
            name = names.pop()
            for line in listed.get(name, {"rows": []})["rows"]:
                copied = deepcopy(row._tr)
                row._tr.addprevious(copied)
                mine = {f"{name}.{cell}": paper.clean(text) for cell, text in zip(ROWS[name], line, strict=True)}
                for cell in _Row(copied, table).cells:
                    for paragraph in cell.paragraphs:
                        _fill(paragraph, {**known, **mine}, done)
            row._tr.getparent().remove(row._tr)


def _set_tables(document: Document, listed: Mapping[str, dict[str, Any]], done: set[Any]) -> None:
    """A list's placeholder alone in a paragraph of the text makes place for its table."""
    from docx.oxml.ns import qn

    for paragraph in list(document.paragraphs):
        found = PLACEHOLDER.fullmatch(paragraph.text.strip())
        if not found or found[1] not in listed:
            continue
        grid = paper.grid(listed[found[1]])
        paragraph._p.addnext(grid)
        done |= set(grid.iter(qn("w:p")))
        for run in _runs(paragraph):
            run.text = ""


def _paragraphs(document: Document) -> Iterator[Paragraph]:
    """All there are: in tables, text boxes and the controls of a form too, in every header and footer, and in notes."""
    from docx.oxml.ns import qn
    from docx.text.paragraph import Paragraph

    places: list[Any] = [(document, document.element.body)]
    for section in document.sections:
        for each in (section.header, section.first_page_header, section.even_page_header, section.footer,
                     section.first_page_footer, section.even_page_footer):  # fmt: skip
            if not each.is_linked_to_previous:  # one that is linked has none of its own, and asking would make it
                places.append((each, each._element))
    places += [(part, part.element) for part in notes.opened(document)]
    for place, element in places:
        for found in list(element.iter(qn("w:p"))):
            yield Paragraph(found, place)


def _tables(document: Document) -> Iterator[Table]:
    waiting = list(document.tables)
    while waiting:
        table = waiting.pop()
        yield table
        waiting += [inner for row in table.rows for cell in row.cells for inner in cell.tables]
