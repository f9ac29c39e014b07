"""Twinfield's transactions XML (DOMAIN.md 5.4: not seen at its source, hence the test import). Each entry is a
memorandum that Twinfield keeps as provisional, until the bookkeeper makes it final."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from app.base.references import code_of
from app.finance.books.layouts.facts import Books, Postings, amount, escape, write_in_pieces
from app.sheets.spelt import Spelt


def write(file: TextIO, books: Books, postings: Postings) -> None:
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n<transactions>\n')
    write_in_pieces(file, _transactions(books, postings))
    file.write("</transactions>\n")


def _transactions(books: Books, postings: Postings) -> Iterator[str]:
    """Each entry as text. What lines share (day, account, amount) is spelt once and kept."""
    office = f"<office>{escape(books.profile.office_code, 20)}</office>" if books.profile.office_code else ""
    code = escape(books.profile.journal_code or "MEMO", 20)
    accounts = {account_id: f"<dim1>{escape(account.code, 16)}</dim1>" for account_id, account in books.codes.items()}
    centres = {
        programme_id: f"<dim2>{escape(name, 16)}</dim2>" if name else ""
        for programme_id, name in books.programmes.items()
    }
    days = Spelt(
        lambda day: (
            f"<currency>EUR</currency><date>{day:%Y%m%d}</date>"
            f"<period>{books.year.year}/{books.period_number(day):02d}</period><freetext1>"
        )
    )
    amounts = Spelt(
        lambda cents: (
            f"<debitcredit>{'debit' if cents > 0 else 'credit'}</debitcredit>"
            f"<value>{amount(abs(cents))}</value><description>"
        )
    )
    for posting in postings:
        described = f"{escape(books.describe(posting), 40)}</description></line>\n"
        parts = [
            f'<transaction destiny="temporary"><header>{office}<code>{code}</code>{days[posting.booked_on]}'
            f"{code_of(posting.entry_id)}</freetext1></header>\n<lines>\n"
        ]
        for number, (account_id, cents, programme_id, *_rest) in enumerate(posting.lines, 1):
            centre = centres.get(programme_id, "") if programme_id else ""
            parts.append(f'<line type="detail" id="{number}">{accounts[account_id]}{centre}{amounts[cents]}{described}')
        parts.append("</lines>\n</transaction>\n")
        yield "".join(parts)
