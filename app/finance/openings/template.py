"""The empty sheet that people fill in: headings in their language, one row as an example."""

from __future__ import annotations

import csv
import io

from app.finance.openings.models import OpeningKind
from app.finance.openings.reading import HEADINGS
from app.organisation.models import BookedBy
from app.organisation.queries import all_accounts
from app.ui.languages import language


def _examples(kind: OpeningKind) -> tuple[dict[str, str], ...]:
    """Rows that are taken as they are: they name only what is here."""
    if kind is OpeningKind.MANDATES:
        return ({each.name: each.example for each in HEADINGS[kind]},)
    ours = next((row.iban for row in all_accounts() if row.booked_by is BookedBy.HERE), "NL02ABNA0123456789")
    return (
        {"account": "1100", "name": "Bank", "iban": ours, "debit": "1.250,00"},
        {"account": "0520", "name": "Bestemmingsfonds", "credit": "1.000,00"},
        {"account": "0500", "name": "Stichtingskapitaal", "credit": "250,00"},
    )


def template_of(kind: OpeningKind) -> bytes:
    """CSV that opens rightly in a Dutch Excel. Its example rows are to be written over."""
    headings = HEADINGS[kind]
    text = io.StringIO()
    out = csv.writer(text, delimiter=";", lineterminator="\r\n")
    out.writerow([each.english if language() == "en" else each.dutch for each in headings])
    out.writerows([row.get(each.name, "") for each in headings] for row in _examples(kind))
    return b"\xef\xbb\xbf" + text.getvalue().encode()
