"""From an uploaded file to what it says: kept first, then read anew each time somebody looks."""

from __future__ import annotations

from itertools import islice

from sqlalchemy import select

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.documents import files
from app.documents.files import StoredFile
from app.extensions import db, now
from app.finance.openings import balances, mandates, sheet
from app.finance.openings.models import Opening, OpeningKind, OpeningMandate
from app.sheets import reading

MAX_BYTES = 10_000_000
HEADINGS = {OpeningKind.BALANCES: balances.HEADINGS, OpeningKind.MANDATES: mandates.HEADINGS}
_MOST = {OpeningKind.BALANCES: balances.MOST_ROWS, OpeningKind.MANDATES: mandates.MOST_ROWS}
Reading = balances.Reading | mandates.Reading


def keep(kind: OpeningKind, content: bytes, filename: str) -> StoredFile:
    """Check and store an uploaded sheet, outside any transaction. Raises Invalid."""
    if len(content) > MAX_BYTES:
        raise Invalid(N_("This file is larger than 10 MB. Please split it."), field="file")
    content, name = reading.prepared(content, filename)
    file = files.keep(content, name)
    _found(kind, content, file.media_type)
    return file


def read(row: Opening) -> Reading:
    """The whole file. Raises Invalid where it cannot be read."""
    content = files.read(row.sha256)
    header_row, columns = _found(row.kind, content, row.media_type)
    rows = sheet.lines(reading.rows_of(content, row.media_type), header_row, columns, _MOST[row.kind])
    if row.kind is OpeningKind.BALANCES:
        return balances.read(rows)
    mine = select(OpeningMandate.mandate_id).where(OpeningMandate.opening_id == row.id)
    ids = frozenset(db.session.execute(mine).scalars())
    return mandates.read(rows, today=local_date(row.entered_at or now()), mine=ids)


def _found(kind: OpeningKind, content: bytes, media_type: str) -> tuple[int, dict[str, int]]:
    top = islice(reading.rows_of(content, media_type), sheet.HEADER_LOOK)
    return sheet.found_columns(top, HEADINGS[kind])
