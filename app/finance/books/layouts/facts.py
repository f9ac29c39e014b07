"""What a layout is given to write, and the small things they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import TextIO
from xml.sax.saxutils import escape as _escape

from app.base.references import code_of
from app.finance.books.models import LayoutProfile
from app.finance.books.postings import Control, Posting
from app.finance.periods import FiscalYear, Period, fiscal_year_of

JOURNAL = "DRAAG"  # our journal, where the organisation named none
PIECE = 200  # entries written at once


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """An account as the other side knows it: `code` is the package's, where the bookkeeper filled that in."""

    code: str
    name: str
    is_result: bool
    rgs_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Everything of a file but its entries. `codes` lead from our account ids to `accounts`."""

    company: str
    rsin: str
    country: str
    first_month: int  # of the fiscal year, 1 is January
    period: Period
    made_on: date
    control: Control
    accounts: tuple[LedgerAccount, ...]
    codes: Mapping[int, LedgerAccount]
    events: Mapping[str, str]  # what an event is called, in Dutch: accountants read it
    programmes: Mapping[int | None, str]
    profile: LayoutProfile
    version: str

    @property
    def year(self) -> FiscalYear:
        return fiscal_year_of(self.period.start, self.first_month)

    @property
    def journal(self) -> str:
        return self.profile.journal_code or JOURNAL

    def period_number(self, day: date) -> int:
        """1 to 12, in the fiscal year of that day."""
        return (day.month - self.first_month) % 12 + 1

    def describe(self, posting: Posting) -> str:
        """An event and the reference of its source: never who gave."""
        return f"{self.events[posting.event]} {document(posting)}"


Postings = Iterable[Posting]


def document(posting: Posting) -> str:
    """The reference of what was booked, as it stands on our pages."""
    return code_of(posting.source_id)


def amount(cents: int) -> str:
    """`1234.50`; the sign is the caller's."""
    return f"{cents // 100}.{cents % 100:02d}"


def write_in_pieces(file: TextIO, texts: Iterable[str]) -> None:
    """Write many short texts, some hundred at once: each write has its price."""
    source = iter(texts)
    while piece := list(islice(source, PIECE)):
        file.write("".join(piece))


_ILLEGAL = {code: " " for code in [*range(0x20), 0x7F, 0xFFFE, 0xFFFF] if code not in (9, 10, 13)}


@lru_cache(10_000)
def escape(text: str, longest: int = 999) -> str:
    """Text for XML 1.0: at most `longest` characters, and none that XML has no place for."""
    return _escape(text[:longest].translate(_ILLEGAL))
