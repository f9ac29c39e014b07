"""How the statements of an account follow on each other, whichever files they came in and in whichever order.

Several may end on one day and begin on others: a month beside its days, or one that tells of a line of the day before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.base.dates import days

_APART = 5  # days that a statement tells of a line after the day it was booked on, at most


@dataclass(frozen=True, slots=True)
class Gap:
    """Between these statements money moved that no file told of. Cents; `after` is the last day before."""

    after: date
    until: date
    closing_cents: int
    opening_cents: int

    @property
    def missing_cents(self) -> int:
        return self.opening_cents - self.closing_cents


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days that statements tell of, one over the other; the balances before the first and after the last of them."""

    since: date
    until: date
    opening_cents: int
    closing_cents: int

    def joined(self, later: Stretch) -> Stretch:
        return Stretch(self.since, later.until, self.opening_cents, later.closing_cents)


def begins(row: Any) -> date:
    """The first day of which a statement tells; of one without lines only the day on which it ends is certain."""
    told: date = min(row.from_on, row.to_on) if row.entries and row.from_on else row.to_on
    return told


def stretches(statements: Iterable[Any]) -> list[Stretch]:
    """Of the statements of one account, all with balances (from_on, to_on, opening and closing cents, entries)."""
    found: list[Stretch] = []
    together: list[Any] = []
    until = date.min
    for row in sorted(statements, key=lambda row: (begins(row), row.id)):
        if together and begins(row) > until:
            found.append(_stretch(together))
            together = []
        together.append(row)
        until = max(until, row.to_on)
    return [*found, _stretch(together)] if together else found


def _stretch(together: Sequence[Any]) -> Stretch:
    until = max(row.to_on for row in together)
    last = _in_order([row for row in together if row.to_on == until])[-1]
    return Stretch(begins(together[0]), until, _first(together).opening_cents, last.closing_cents)


def _first(rows: Sequence[Any]) -> Any:
    """The first by the days on which they begin that follows on none of the others."""
    ends: dict[int, date] = {}
    for row in rows:
        if row.opening_cents != row.closing_cents:
            ends[row.closing_cents] = min(row.to_on, ends.get(row.closing_cents, row.to_on))
    follow = (row for row in rows if ends.get(row.opening_cents, date.max) > begins(row) + days(_APART))
    return next(follow, rows[0])


def _in_order(of_day: Sequence[Any]) -> list[Any]:
    """Statements that end on one day in the order in which their balances follow on each other."""
    beginning: dict[int, list[Any]] = {}
    for row in of_day:
        beginning.setdefault(row.opening_cents, []).append(row)
    balance = _first(of_day).opening_cents
    ordered: list[Any] = []
    while beginning:
        rows = beginning.pop(balance if balance in beginning else next(iter(beginning)))
        ordered += sorted(rows, key=lambda row: row.closing_cents in beginning)
        balance = ordered[-1].closing_cents
    return ordered


def unbroken(told: Sequence[Stretch]) -> list[Stretch]:
    """The same, those that follow on each other as one."""
    found: list[Stretch] = []
    for each in told:
        if found and found[-1].closing_cents == each.opening_cents:
            found[-1] = found[-1].joined(each)
        else:
            found.append(each)
    return found


def gaps(told: Sequence[Stretch]) -> list[Gap]:
    """Where the balance jumps from one to the next."""
    whole = unbroken(told)
    return [
        Gap(one.until, other.since, one.closing_cents, other.opening_cents)
        for one, other in zip(whole, whole[1:], strict=False)
    ]
