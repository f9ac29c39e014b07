"""Exact Online, XML topic GLTransactions (DOMAIN.md 5.4: lines seen, the whole not: hence the test import)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from app.base.references import code_of
from app.finance.books.layouts.facts import Books, Postings, amount, escape, write_in_pieces
from app.sheets.spelt import Spelt


def write(file: TextIO, books: Books, postings: Postings) -> None:
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n<eExact>\n<GLTransactions>\n')
    write_in_pieces(file, _transactions(books, postings))
    file.write("</GLTransactions>\n</eExact>\n")


def _transactions(books: Books, postings: Postings) -> Iterator[str]:
    """Each entry as text. What lines share (day, account, amount) is spelt once and kept."""
    journal = escape(books.journal, 20)
    accounts = {
        account_id: f'<GLAccount code="{escape(account.code, 20)}" type="{110 if account.is_result else 90}"/>'
        "<Description>"
        for account_id, account in books.codes.items()
    }
    centres = {
        programme_id: f'<Costcenter code="{escape(name, 8)}"/>' if name else ""
        for programme_id, name in books.programmes.items()
    }
    days = Spelt(
        lambda day: (
            f'<Date>{day}</Date><FinYear number="{books.year.year}"/><FinPeriod number="{books.period_number(day)}"/>'
        )
    )
    amounts = Spelt(
        lambda cents: (
            f'<Amount><Currency code="EUR"/><Value>{"-" if cents < 0 else ""}{amount(abs(cents))}</Value>'
            "</Amount></GLTransactionLine>\n"
        )
    )
    for posting in postings:
        described, day = f"{escape(books.describe(posting), 60)}</Description>", days[posting.booked_on]
        parts = [
            f'<GLTransaction entry="{code_of(posting.entry_id)}"><TransactionType number="90"/>'
            f'<Journal code="{journal}" type="90"/><Date>{posting.booked_on}</Date><Description>{described}\n'
        ]
        for number, (account_id, cents, programme_id, *_rest) in enumerate(posting.lines, 1):
            centre = centres.get(programme_id, "") if programme_id else ""
            parts.append(
                f'<GLTransactionLine type="40" line="{number}" status="20">{day}{accounts[account_id]}{described}'
                f"{centre}{amounts[cents]}"
            )
        parts.append("</GLTransaction>\n")
        yield "".join(parts)
