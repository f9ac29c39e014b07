"""From an uploaded file to what it says: kept first, then read as its columns and rules are, as often as asked."""

from __future__ import annotations

from itertools import islice

from app.base.errors import Invalid
from app.base.states import N_
from app.documents import files
from app.documents.files import StoredFile
from app.finance.figures import services, sheet
from app.finance.figures.models import FigureImport
from app.finance.figures.sheet import Reading, Rule
from app.sheets import reading

MAX_BYTES = 5_000_000  # read anew each time the page is shown


def keep(content: bytes, filename: str) -> tuple[StoredFile, str, int, dict[str, int]]:
    """Store an uploaded sheet, outside any transaction: (file, key of its layout, row of the headings, columns
    guessed). Raises Invalid."""
    if len(content) > MAX_BYTES:
        raise Invalid(N_("This file is larger than 5 MB: give what each account comes to in a month."), field="file")
    content, name = reading.prepared(content, filename)
    file = files.keep(content, name)
    top = list(islice(reading.rows_of(content, file.media_type), sheet.HEADER_LOOK))
    if not top:
        raise Invalid(N_("There is nothing in this file."), field="file")
    header_row, names, columns = sheet.headings(top)
    return file, sheet.layout_key(names), header_row, columns


def preview(row: FigureImport, count: int = 6) -> tuple[list[str], list[list[str]]]:
    """The headings and the first rows below them, as text."""
    names: list[str] = []
    shown: list[list[str]] = []
    for each in islice(reading.rows_of(files.read(row.sha256), row.media_type), count + sheet.HEADER_LOOK):
        texts = ["" if cell is None else str(cell) for cell in each.cells]
        if each.number == row.header_row:
            names = texts
        elif each.number > row.header_row and len(shown) < count:
            shown.append(texts)
    width = max([len(names), *(len(texts) for texts in shown)])
    return names + [""] * (width - len(names)), [texts + [""] * (width - len(texts)) for texts in shown]


def read(row: FigureImport) -> Reading:
    """The whole file, as its columns and the rules of today say. Raises Invalid where it cannot be read."""
    meant = {key: Rule(each.rj_line, each.programme_id, each.left_out) for key, each in services.rules().items()}
    return sheet.read(
        reading.rows_of(files.read(row.sha256), row.media_type), row.header_row, row.columns, meant,
        kind=row.kind, signs=row.signs, year=row.year,
    )  # fmt: skip
