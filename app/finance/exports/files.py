"""Making the file: written to an unnamed temporary file in one read transaction, which is closed
before anything is sent. A slow download holds no transaction and leaves nothing behind."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import IO

from flask_babel import gettext as _

from app.audit.services import record
from app.base.actor import Actor
from app.base.dates import format_date
from app.base.ids import new_id
from app.extensions import db, settings, writing
from app.finance.exports.gifts import gifts
from app.finance.exports.grants import grants
from app.finance.exports.journal import journal
from app.finance.exports.sheet import Sheet, Wanted
from app.organisation.queries import profile
from app.sheets.columns import Counted, Words
from app.sheets.csv_writer import DUTCH, PLAIN, write_csv
from app.sheets.xlsx_writer import write_xlsx

SHEETS: dict[str, Callable[[Wanted], Sheet]] = {"gifts": gifts, "journal": journal, "grants": grants}


class Format(StrEnum):
    CSV = "csv"
    CSV_PLAIN = "csv-plain"
    XLSX = "xlsx"

    @property
    def extension(self) -> str:
        return "xlsx" if self is Format.XLSX else "csv"

    @property
    def media_type(self) -> str:
        if self is Format.XLSX:
            return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Made:
    """`file` is open, at its start, and gone once closed."""

    file: IO[bytes]
    name: str
    rows: int
    size: int
    sha256: str


def make(kind: str, wanted: Wanted, chosen: Format, *, actor: Actor, now: datetime) -> Made:
    """Write the export and record it in the trail. Not inside `writing()`: it takes its time."""
    sheet = SHEETS[kind](wanted)
    words = _words(wanted)
    db.session.rollback()
    file = tempfile.TemporaryFile(dir=settings().data_dir, prefix="export-")  # noqa: SIM115 (the caller closes it)
    try:
        with db.engine.connect() as connection:
            counted = _write(file, sheet, chosen, words, sheet.rows(connection))
        size = file.tell()
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        with writing():
            record(
                "export.made", ("export", new_id()), actor=actor, now=now,
                changes={
                    "export": kind, "format": chosen.value, "from": wanted.period.start.isoformat(),
                    "to": wanted.period.end.isoformat(), "personal": wanted.personal, "rows": counted.rows,
                    "sha256": sha256,
                },
            )  # fmt: skip
    except BaseException:
        file.close()
        raise
    name = f"{kind}-{wanted.period.start:%Y%m%d}-{wanted.period.end:%Y%m%d}.{chosen.extension}"
    return Made(file, name, counted.rows, size, sha256)


def _write(file: IO[bytes], sheet: Sheet, chosen: Format, words: Words, rows: object) -> Counted:
    if chosen is Format.XLSX:
        return write_xlsx(file, sheet.name, sheet.columns, rows, words)  # type: ignore[arg-type]
    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="", write_through=False)
    dialect = DUTCH if chosen is Format.CSV else PLAIN
    counted = write_csv(text, sheet.columns, rows, words, dialect)  # type: ignore[arg-type]
    text.flush()
    text.detach()  # else the file would close with the wrapper
    return counted


def _words(wanted: Wanted) -> Words:
    start, end = format_date(wanted.period.start), format_date(wanted.period.end)
    return Words(
        rows=_("Number of rows"),
        total=_("Total"),
        totals_sheet=_("Control totals"),
        facts=(
            (_("Organisation"), profile().legal_name or profile().name),
            (_("From"), start),
            (_("Up to and including"), end),
        ),
    )
