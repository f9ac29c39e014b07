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
from app.sheets.spelt import Spelt

SEPARATORS = {"semicolon": ";", "comma": ",", "tab": "\t"}
DECIMALS = {"comma": ",", "point": "."}
DATES = {"dutch": "%d-%m-%Y", "iso": "%Y-%m-%d", "compact": "%Y%m%d"}
FIELDS = (
    "journal", "entry", "line", "date", "year", "period", "account", "account_name", "description", "debit", "credit",
    "amount", "cost_centre", "project", "document",
)  # fmt: skip

OfEntry = dict[str, Callable[[Posting], str]]
OfLine = dict[str, Callable[[int, PostedLine], str]]


def write(file: TextIO, books: Books, postings: Postings) -> None:
    options = books.profile.options
    columns = options.get("columns") or [[name, name] for name in FIELDS]
    out = csv.writer(file, delimiter=SEPARATORS[options.get("separator", "semicolon")], lineterminator="\r\n")
    file.write("\ufeff")
    out.writerow([neutral(heading) for _, heading in columns])
    shared = _of_entry(books, DATES[options.get("dates", "dutch")])
    own = _of_line(books, DECIMALS[options.get("decimal", "comma")])
    out.writerows(_rows([name for name, _ in columns], shared, own, postings))


def _rows(names: list[str], shared: OfEntry, own: OfLine, postings: Postings) -> Iterator[list[str]]:
    heads = [(place, shared[name]) for place, name in enumerate(names) if name in shared]
    tails = [(place, own[name]) for place, name in enumerate(names) if name in own]
    for posting in postings:
        row = [""] * len(names)
        for place, of_entry in heads:
            row[place] = of_entry(posting)
        for number, line in enumerate(posting.lines, 1):
            for place, of_line in tails:
                row[place] = of_line(number, line)
            yield row  # written before the next is asked for


def _of_entry(books: Books, dates: str) -> OfEntry:
    """Fields that all lines of an entry have in common."""
    days = Spelt(lambda day: day.strftime(dates))
    return {
        "journal": lambda entry: books.journal,
        "entry": lambda entry: code_of(entry.entry_id),
        "date": lambda entry: days[entry.booked_on],
        "year": lambda entry: str(books.year.year),
        "period": lambda entry: str(books.period_number(entry.booked_on)),
        "description": books.describe,
        "document": document,
    }


def _of_line(books: Books, decimal: str) -> OfLine:
    money = Spelt(lambda cents: amount(cents).replace(".", decimal))
    names = {account_id: neutral(account.name) or "" for account_id, account in books.codes.items()}
    centres = Spelt(lambda programme_id: neutral(books.programmes.get(programme_id) or "") or "")
    return {
        "line": lambda number, line: str(number),
        "account": lambda number, line: books.codes[line.account_id].code,
        "account_name": lambda number, line: names[line.account_id],
        "debit": lambda number, line: money[line.cents] if line.cents > 0 else "",
        "credit": lambda number, line: money[-line.cents] if line.cents < 0 else "",
        "amount": lambda number, line: ("-" if line.cents < 0 else "") + money[abs(line.cents)],
        "cost_centre": lambda number, line: centres[line.programme_id],
        "project": lambda number, line: code_of(line.grant_id) if line.grant_id else "",
    }
