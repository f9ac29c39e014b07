"""The journal as CSV, in the columns, headings and signs that a package's import asks for.

Options of the profile: `separator` (";" "," or a tab), `decimal` ("," or "."), `dates` ("iso", "dutch" or
"compact"), `columns` (a list of [field, heading]; without them all fields under their own names).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import TextIO

from app.base.references import code_of
from app.finance.books.layouts.facts import Books, Postings, amount, document
from app.finance.books.postings import PostedLine, Posting
from app.sheets.csv_writer import neutral

SEPARATORS = {"semicolon": ";", "comma": ",", "tab": "\t"}
DECIMALS = {"comma": ",", "point": "."}
DATES = {"dutch": "%d-%m-%Y", "iso": "%Y-%m-%d", "compact": "%Y%m%d"}
FIELDS = (
    "journal", "entry", "line", "date", "year", "period", "account", "account_name", "description", "debit", "credit",
    "amount", "cost_centre", "project", "document",
)  # fmt: skip

Cell = Callable[[Posting, int, PostedLine], str]


def write(file: TextIO, books: Books, postings: Postings) -> None:
    options = books.profile.options
    columns = options.get("columns") or [[name, name] for name in FIELDS]
    out = csv.writer(file, delimiter=SEPARATORS[options.get("separator", "semicolon")], lineterminator="\r\n")
    file.write("\ufeff")
    out.writerow([neutral(heading) for _, heading in columns])
    cells = _cells(books, DECIMALS[options.get("decimal", "comma")], DATES[options.get("dates", "dutch")])
    chosen = [cells[name] for name, _ in columns]
    out.writerows(_rows(chosen, postings))


def _rows(chosen: list[Cell], postings: Postings) -> Iterator[list[str]]:
    for posting in postings:
        for number, line in enumerate(posting.lines, 1):
            yield [cell(posting, number, line) for cell in chosen]


def _cells(books: Books, decimal: str, dates: str) -> dict[str, Cell]:
    def money(cents: int) -> str:
        return amount(cents).replace(".", decimal)

    return {
        "journal": lambda entry, number, line: books.journal,
        "entry": lambda entry, number, line: code_of(entry.entry_id),
        "line": lambda entry, number, line: str(number),
        "date": lambda entry, number, line: entry.booked_on.strftime(dates),
        "year": lambda entry, number, line: str(books.year.year),
        "period": lambda entry, number, line: str(books.period_number(entry.booked_on)),
        "account": lambda entry, number, line: books.codes[line.account_id].code,
        "account_name": lambda entry, number, line: neutral(books.codes[line.account_id].name),
        "description": lambda entry, number, line: books.describe(entry),
        "debit": lambda entry, number, line: money(line.cents) if line.cents > 0 else "",
        "credit": lambda entry, number, line: money(-line.cents) if line.cents < 0 else "",
        "amount": lambda entry, number, line: ("-" if line.cents < 0 else "") + money(abs(line.cents)),
        "cost_centre": lambda entry, number, line: neutral(books.programmes.get(line.programme_id) or ""),
        "project": lambda entry, number, line: code_of(line.grant_id) if line.grant_id else "",
        "document": lambda entry, number, line: document(entry),
    }
