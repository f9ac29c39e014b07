"""The journal as CSV, in the columns, headings and signs that a package's import asks for.

Options of the profile: `separator` (";" "," or a tab), `decimal` ("," or "."), `dates` ("iso", "dutch" or
"compact"), `columns` (a list of [field, heading]; without them all fields under their own names).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import TextIO

from app.base.references import code_of
from app.finance.books.layouts.facts import Books, Postings, amount, document
from app.sheets.csv_writer import neutral
from app.sheets.spelt import MOST, Spelt

SEPARATORS = {"semicolon": ";", "comma": ",", "tab": "\t"}
DECIMALS = {"comma": ",", "point": "."}
DATES = {"dutch": "%d-%m-%Y", "iso": "%Y-%m-%d", "compact": "%Y%m%d"}
FIELDS = (
    "journal", "entry", "line", "date", "year", "period", "account", "account_name", "description", "debit", "credit",
    "amount", "cost_centre", "project", "document",
)  # fmt: skip

# As `_rows` spells them: what all lines of an entry share, where a line is booked, what it comes to.
_OF_ENTRY = ("journal", "entry", "date", "year", "period", "description", "document")
_PLACE = ("account", "account_name", "cost_centre", "project")
_SPELT = (*_OF_ENTRY, "line", *_PLACE, "debit", "credit", "amount")


def write(file: TextIO, books: Books, postings: Postings) -> None:
    options = books.profile.options
    columns = options.get("columns") or [[name, name] for name in FIELDS]
    out = csv.writer(file, delimiter=SEPARATORS[options.get("separator", "semicolon")], lineterminator="\r\n")
    file.write("\ufeff")
    out.writerow([neutral(heading) for _, heading in columns])
    rows = _rows(books, DATES[options.get("dates", "dutch")], DECIMALS[options.get("decimal", "comma")], postings)
    places = [_SPELT.index(name) for name, _ in columns]
    # Of one place, itemgetter would give the text instead of a row.
    out.writerows(map(itemgetter(*places), rows) if len(places) > 1 else ((row[places[0]],) for row in rows))


def _rows(books: Books, dates: str, decimal: str, postings: Postings) -> Iterator[tuple[str, ...]]:
    """Every line with all of `_SPELT`. What many lines share is spelt once and kept."""
    journal, year = books.journal, str(books.year.year)
    days = Spelt(lambda day: day.strftime(dates))
    periods = Spelt(lambda day: str(books.period_number(day)))
    numbers = Spelt(str)

    @lru_cache(MOST)
    def place(account_id: int, programme_id: int | None, grant_id: int | None) -> tuple[str, ...]:
        account, centre = books.codes[account_id], books.programmes.get(programme_id) or ""
        names = (neutral(account.name) or "", neutral(centre) or "")
        return (account.code, *names, code_of(grant_id) if grant_id else "")

    @lru_cache(MOST)
    def money(cents: int) -> tuple[str, str, str]:
        size = amount(abs(cents)).replace(".", decimal)
        return (size, "", size) if cents > 0 else ("", size, f"-{size}" if cents else size)

    for posting in postings:
        day, of = posting.booked_on, document(posting)
        shared = (journal, code_of(posting.entry_id), days[day], year, periods[day],
                  f"{books.events[posting.event]} {of}", of)  # fmt: skip
        for number, line in enumerate(posting.lines, 1):
            where = place(line.account_id, line.programme_id, line.grant_id)
            yield (*shared, numbers[number], *where, *money(line.cents))
