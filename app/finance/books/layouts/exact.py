"""Exact Online, XML topic GLTransactions (DOMAIN.md 5.4: lines seen, the whole not: hence the test import)."""

from __future__ import annotations

from typing import TextIO

from app.base.references import code_of
from app.finance.books.layouts.facts import Books, Postings, amount, escape
from app.finance.books.postings import Posting


def write(file: TextIO, books: Books, postings: Postings) -> None:
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n<eExact>\n<GLTransactions>\n')
    for posting in postings:
        file.write(_transaction(books, posting))
    file.write("</GLTransactions>\n</eExact>\n")


def _transaction(books: Books, posting: Posting) -> str:
    journal = escape(books.journal, 20)
    described = escape(books.describe(posting), 60)
    parts = [
        f'<GLTransaction entry="{code_of(posting.entry_id)}"><TransactionType number="90"/>'
        f'<Journal code="{journal}" type="90"/><Date>{posting.booked_on}</Date>'
        f"<Description>{described}</Description>\n"
    ]
    for number, line in enumerate(posting.lines, 1):
        account = books.codes[line.account_id]
        programme = books.programmes.get(line.programme_id)
        sign = "-" if line.cents < 0 else ""
        parts.append(
            f'<GLTransactionLine type="40" line="{number}" status="20"><Date>{posting.booked_on}</Date>'
            f'<FinYear number="{books.year.year}"/><FinPeriod number="{books.period_number(posting.booked_on)}"/>'
            f'<GLAccount code="{escape(account.code, 20)}" type="{110 if account.is_result else 90}"/>'
            f"<Description>{described}</Description>"
        )
        if programme:
            parts.append(f'<Costcenter code="{escape(programme, 8)}"/>')
        parts.append(
            f'<Amount><Currency code="EUR"/><Value>{sign}{amount(abs(line.cents))}</Value></Amount>'
            "</GLTransactionLine>\n"
        )
    parts.append("</GLTransaction>\n")
    return "".join(parts)
