"""Which statements of one day have lines of their own, however equal those are to lines of a statement in another file.

Two statements of a day either follow on each other or stand apart, or one tells what is in the other: their balances
and amounts show which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import select

from app.banking.checking import Statement
from app.banking.identity import FAMILIES, Keys, comes_back, plain, without
from app.banking.models import BankEntry, BankFile, BankStatement, FileState
from app.banking.recognising import known_by_key
from app.extensions import db

_MOST = 500  # statements that follow on each other, at most
_PAIRS = 100_000  # that are compared, at most
_SUMS = 10_000  # that are tried, at most


@dataclass(frozen=True, slots=True)
class Part:
    """A statement of one day: balances and amounts in cents; `amounts` is None where they are not known."""

    opening: int
    closing: int
    entries: int
    amounts: Counter[int] | None = field(compare=False)
    name: tuple[str, str] = field(default=("", ""), compare=False)  # its reference and number


@dataclass(slots=True)
class _Day:
    rows: list[Any] = field(default_factory=list)
    by_opening: dict[int, list[Any]] = field(default_factory=dict)
    by_closing: dict[int, list[Any]] = field(default_factory=dict)
    alone: bool = True  # no statement of several days tells of it

    def add(self, row: Any) -> None:
        self.rows.append(row)
        self.by_opening.setdefault(row.opening_cents, []).append(row)
        self.by_closing.setdefault(row.closing_cents, []).append(row)

    def around(self, one: Part) -> set[int]:
        """Ids of the statements that come before it or after it, as their balances follow on each other."""
        after = _chain(self.by_opening, one.closing, "closing_cents")
        return after | _chain(self.by_closing, one.opening, "opening_cents")


@dataclass(slots=True)
class Sorted:
    """Statements of a file of one day. `again` are those that another file told; `fresh` those that have nothing in
    common with any; of the others it is not sure. `elsewhere` are the ids of those in other files, and `beside` of
    those among them that have nothing in common with the others."""

    again: set[Part] = field(default_factory=set)
    fresh: set[Part] = field(default_factory=set)
    elsewhere: set[int] = field(default_factory=set)
    beside: set[int] = field(default_factory=set)
    alone: bool = False  # no statement of several days tells of the day


def _sort(mine: Sequence[Part], there: _Day) -> Sorted:
    known: dict[Part, set[tuple[str, str]]] = {}
    leads: dict[int, set[int]] = {}
    for row in there.rows:
        one = Part(row.opening_cents, row.closing_cents, row.entries, None)
        known.setdefault(one, set()).add((row.reference, row.number))
    for one in (*known, *mine):
        leads.setdefault(one.opening, set()).add(one.closing)
    again = {
        each
        for each in mine
        if each in known and (each.name in known[each] or not comes_back(each.opening, each.closing, leads))
    }
    found = Sorted(again, alone=there.alone)
    left = set(mine) - again
    if not left or not there.rows or len(left) * (len(there.rows) + len(mine)) > _PAIRS:
        return found
    others = _parts(there.rows)
    found.elsewhere = {row_id for row_id, _ in others}
    beside: dict[Part, set[int]] = {}
    for each in left:
        around = there.around(each)
        beside[each] = {row_id for row_id, other in others if other == each or row_id in around or apart(each, other)}
    found.fresh = {
        each for each in left
        if beside[each] == found.elsewhere and all(other == each or _beside(each, other) for other in mine)
    }  # fmt: skip
    unsure = [beside[each] for each in left if each not in found.fresh]
    found.beside = set.intersection(*unsure) if unsure else set()
    return found


def _beside(one: Part, other: Part) -> bool:
    return one.closing == other.opening or one.opening == other.closing or apart(one, other)


class Elsewhere:
    """What other files of the same kind told of the days of a file."""

    def __init__(self, statements: Sequence[Statement], ids: Sequence[int], family: int) -> None:
        self._ids, self._formats = frozenset(ids), [kind.value for kind, each in FAMILIES.items() if each == family]
        self._told_by = without(family)
        self._mine: dict[int, list[Statement]] = {}
        for each in statements:
            if each.first_on is not None:
                self._mine.setdefault(each.account_id, []).append(each)
        self._days: dict[int, dict[date, tuple[list[Part], _Day]]] = {}
        self._sorted: dict[tuple[int, date], Sorted] = {}

    def sort(self, account_id: int, day: date) -> Sorted:
        """The statements of the file of one day, by what they are to those of other files."""
        if (account_id, day) not in self._sorted:
            if account_id not in self._days:
                self._days[account_id] = self._read(account_id)
            mine, there = self._days[account_id].get(day, ([], _Day()))
            self._sorted[account_id, day] = _sort(mine, there)
        return self._sorted[account_id, day]

    def lines(self, account_id: int, day: date, found: Sorted, keys: Keys, *, fresh: bool) -> Counter[str]:
        """How often each line (`plain`) is there that is for certain in none of the statements that are `fresh`, or in
        none of those of which it is not sure what they are."""
        told = self._brought(found.elsewhere if fresh else found.beside)
        return told + self._told(account_id, day, keys) if fresh and found.alone else told

    def _brought(self, statement_ids: set[int]) -> Counter[str]:
        if not statement_ids:
            return Counter()
        entries = select(BankEntry.booked_on, BankEntry.cents, BankEntry.reference)
        entries = entries.where(BankEntry.statement_id.in_(statement_ids))
        return Counter(plain(*row) for row in db.session.execute(entries))

    def _told(self, account_id: int, day: date, keys: Keys) -> Counter[str]:
        """Lines without a reference that another kind of file brought and this one told of."""
        elsewhere = select(BankStatement.id).where(
            BankStatement.id == BankEntry.statement_id, BankStatement.format.not_in(self._formats)
        )
        cents = select(BankEntry.cents).where(
            BankEntry.account_id == account_id, BankEntry.booked_on == day,
            BankEntry.families.not_in(self._told_by), elsewhere.exists(),
        )  # fmt: skip
        key_of: dict[bytes, str] = {}
        for each, count in Counter(db.session.execute(cents).scalars()).items():
            text = plain(day, each, "")
            key_of |= {keys.nth(text, number): text for number in range(1, count + 1)}
        return Counter(key_of[key] for key in known_by_key(list(key_of)))

    def _read(self, account_id: int) -> dict[date, tuple[list[Part], _Day]]:
        """By day: the statements of the file, where it has none of several days, and those of others."""
        mine: dict[date, list[Part]] = {}
        longer: list[tuple[date, date]] = []
        for each in self._mine[account_id]:
            assert each.first_on is not None
            assert each.last_on is not None
            if each.first_on != each.last_on:
                longer.append((each.first_on, each.last_on))
            elif part := part_of(each):
                mine.setdefault(each.first_on, []).append(part)
        there = self._there(account_id, mine)
        return {
            day: (parts, there[day]) for day, parts in mine.items()
            if day in there and not any(first <= day <= last for first, last in longer)
        }  # fmt: skip

    def _there(self, account_id: int, days: Iterable[date]) -> dict[date, _Day]:
        first, last = min(days, default=date.max), max(days, default=date.min)
        rows = select(
            BankStatement.id, BankStatement.from_on, BankStatement.to_on, BankStatement.opening_cents,
            BankStatement.closing_cents, BankStatement.entries, BankStatement.reference, BankStatement.number,
        ).where(
            BankStatement.account_id == account_id, BankStatement.format.in_(self._formats),
            BankStatement.to_on >= first, BankStatement.from_on <= last,
            BankStatement.opening_cents != BankStatement.closing_cents,
            BankStatement.file_id.in_(select(BankFile.id).where(BankFile.state == FileState.DONE)),
        )  # fmt: skip
        found: dict[date, _Day] = {}
        longer: list[Any] = []
        for row in db.session.execute(rows.order_by(BankStatement.id)):
            if row.id not in self._ids and row.from_on == row.to_on:
                found.setdefault(row.to_on, _Day()).add(row)
            elif row.id not in self._ids:
                longer.append(row)
        for day, of_day in found.items():
            of_day.alone = not any(row.from_on <= day <= row.to_on for row in longer)
        return found


def _chain(by_balance: dict[int, list[Any]], cents: int, leads: str) -> set[int]:
    """Ids of statements that follow on each other from this balance on; of the same one told twice both."""
    found: set[int] = set()
    passed: set[int] = set()
    while cents not in passed and len(passed) < _MOST and (rows := by_balance.get(cents)):
        passed.add(cents)
        found |= {row.id for row in rows}
        cents = getattr(rows[0], leads)
    return found


def part_of(statement: Statement) -> Part | None:
    """A statement of one day with balances that differ; None for others."""
    day, opening, closing = statement.first_on, statement.opening, statement.closing
    if opening is None or closing is None or opening.cents == closing.cents:
        return None
    if day is None or day != statement.last_on or day != closing.on:
        return None
    name = statement.reference, statement.number
    return Part(opening.cents, closing.cents, statement.entries, statement.amounts, name)


def _parts(rows: Sequence[Any]) -> list[tuple[int, Part]]:
    """Statements with their ids, and with the amounts of those of which all lines were brought together."""
    entries = select(BankEntry.statement_id, BankEntry.cents)
    entries = entries.where(BankEntry.statement_id.in_([row.id for row in rows]))
    amounts: dict[int, Counter[int]] = {}
    for statement_id, cents in db.session.execute(entries):
        amounts.setdefault(statement_id, Counter())[cents] += 1
    # The same one told twice brought its lines once.
    known: dict[Part, Counter[int]] = {}
    parts = [(row.id, Part(row.opening_cents, row.closing_cents, row.entries, amounts.get(row.id))) for row in rows]
    for _, each in parts:
        if each.amounts is not None and each.amounts.total() == each.entries:
            known[each] = each.amounts
    return [(row_id, replace(each, amounts=known.get(each))) for row_id, each in parts]


def apart(one: Part, other: Part) -> bool:
    """Whether neither can be inside the other: their balances and amounts leave no room for the lines around it."""
    small, large = sorted((one, other), key=lambda each: each.entries)
    before, after = small.opening - large.opening, large.closing - small.closing
    rest = large.entries - small.entries
    if not before or not after or rest < 2:
        return bool(before and after)
    if small.amounts is None or large.amounts is None:
        return False
    around = Counter(large.amounts)
    around.subtract(small.amounts)
    return min(around.values()) < 0 or not _makes(around.elements(), before)


def _makes(amounts: Iterable[int], wanted: int) -> bool:
    """Whether some of these come to that sum; taken to where they are too many to try."""
    sums = {0}
    for each in amounts:
        sums |= {total + each for total in sums}
        if len(sums) > _SUMS:
            return True
    return wanted in sums
