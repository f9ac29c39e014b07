"""Twinfield's transactions XML (DOMAIN.md 5.4: not seen at its source, hence the test import). Each entry is a
memorandum that Twinfield keeps as provisional, until the bookkeeper makes it final."""

from __future__ import annotations

from typing import TextIO

from app.base.references import code_of
from app.finance.books.layouts.facts import Books, Postings, amount, escape
from app.finance.books.postings import Posting


def write(file: TextIO, books: Books, postings: Postings) -> None:
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n<transactions>\n')
    for posting in postings:
        file.write(_transaction(books, posting))
    file.write("</transactions>\n")


def _transaction(books: Books, posting: Posting) -> str:
    office = f"<office>{escape(books.profile.office_code, 20)}</office>" if books.profile.office_code else ""
    code = escape(books.profile.journal_code or "MEMO", 20)
    described = escape(books.describe(posting), 40)
    parts = [
        f'<transaction destiny="temporary"><header>{office}<code>{code}</code>'
        f"<currency>EUR</currency><date>{posting.booked_on:%Y%m%d}</date>"
        f"<period>{books.year.year}/{books.period_number(posting.booked_on):02d}</period>"
        f"<freetext1>{code_of(posting.entry_id)}</freetext1></header>\n<lines>\n"
    ]
    for number, line in enumerate(posting.lines, 1):
        programme = books.programmes.get(line.programme_id)
        centre = f"<dim2>{escape(programme, 16)}</dim2>" if programme else ""
        parts.append(
            f'<line type="detail" id="{number}"><dim1>{escape(books.codes[line.account_id].code, 16)}</dim1>{centre}'
            f"<debitcredit>{'debit' if line.cents > 0 else 'credit'}</debitcredit>"
            f"<value>{amount(abs(line.cents))}</value><description>{described}</description></line>\n"
        )
    parts.append("</lines>\n</transaction>\n")
    return "".join(parts)
