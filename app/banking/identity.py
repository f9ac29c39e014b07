"""When two lines of bank files are the same line (DOMAIN.md 2.1).

An entry is known by account, booking date, signed amount, and the bank's reference; without a
reference, as the n-th such line of the file. Kinds of files have references of their own, so what
one kind told is recognised in another by what both tell (`same`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.banking.formats.facts import Entry, Format
from app.base.dates import days

FAMILIES = {Format.CAMT053: 1, Format.CAMT052: 2, Format.CAMT054: 2, Format.MT940: 4, Format.CSV: 8}
ALL_FAMILIES = sum(set(FAMILIES.values()))
_MOST = 500  # statements that follow on each other, at most
_APART = 5  # days between booking and value, at most: a long weekend


def without(family: int) -> list[int]:
    """Every sum of families in which this one is not."""
    return [mask for mask in range(1, ALL_FAMILIES + 1) if not mask & family]


def plain(booked_on: date, cents: int, reference: str) -> str:
    """What equal lines of an account have in common."""
    return f"{booked_on}|{cents}|{reference}"


class Keys:
    """Gives each entry of one account, as a file tells of them one after another, its key."""

    def __init__(self, account_id: int, family: int) -> None:
        self._prefix = f"{account_id}|{family}|"
        self._seen: Counter[bytes] = Counter()

    def _bare(self, text: str) -> bytes:
        return hashlib.blake2b(f"{self._prefix}{text}".encode(), digest_size=16).digest()

    def count_on(self, told: Mapping[str, int]) -> None:
        """Count lines that are `plain` the same from these numbers on."""
        for text, count in told.items():
            self._seen[self._bare(text)] += count

    def of(self, entry: Entry) -> bytes:
        bare = self._bare(plain(entry.booked_on, entry.cents, entry.reference))
        self._seen[bare] += 1
        return _nth(bare, self._seen[bare])

    def copy(self) -> Keys:
        """Keys that count on from here, apart from these."""
        other = Keys.__new__(Keys)
        other._prefix, other._seen = self._prefix, self._seen.copy()
        return other

    def nth(self, text: str, number: int) -> bytes:
        """The key of the n-th line that is `plain` this, from 1."""
        return _nth(self._bare(text), number)


def _nth(bare: bytes, number: int) -> bytes:
    return bare if number == 1 else hashlib.blake2b(bare + str(number).encode(), digest_size=16).digest()


def comes_back(opening: int, closing: int, leads: Mapping[int, set[int]]) -> bool:
    """Whether statements that follow on one with these balances bring the balance back to what it was. `leads`: opening
    → closing."""
    passed: set[int] = set()
    left = [closing]
    while left and len(passed) < _MOST:
        balance = left.pop()
        if balance == opening:
            return True
        if balance not in passed:
            passed.add(balance)
            left += leads.get(balance, ())
    return False


@dataclass(slots=True)
class Told:
    """An entry another kind of file told of, with what helps to recognise it."""

    entry_id: int
    reference: str
    end_to_end: str
    iban_index: bytes | None
    booked_on: date
    value_on: date | None
    families: int = 0

    def near(self, entry: Entry) -> bool:
        """Whether it may be this entry though its day is another: one of the two knew the value day only."""
        known = entry.value_on is not None and self.value_on == entry.value_on
        return known and (entry.day_guessed or self.booked_on == self.value_on)


def days_of(entries: Iterable[Entry]) -> set[date]:
    """The days on which another kind of file may have told of these."""
    found: set[date] = set()
    for entry in entries:
        found.add(entry.booked_on)
        if entry.day_guessed:
            found.update(entry.booked_on + days(n) for n in range(-_APART, _APART + 1))
        elif entry.value_on is not None:
            found.add(entry.value_on)
    return found


def same(
    reference: str, end_to_end: str, iban_index: bytes | None, candidates: Sequence[Told], *, telling: bool = False
) -> Told | None:
    """Which of these entries of the same day and amount is this one; None where it is another. `telling`: only one
    that something in common tells, since its day is another.

    The most telling first: a reference in common, the payer's reference, the account on the other side.
    Accounts that differ tell two payments apart; what tells nothing is taken as the same, so that one
    day in two formats counts once.
    """
    fitting = [each for each in candidates if not (iban_index and each.iban_index and iban_index != each.iban_index)]

    def weight(each: Told) -> tuple[bool, bool, bool]:
        return (
            bool(reference) and each.reference == reference,
            bool(end_to_end) and each.end_to_end == end_to_end,
            iban_index is not None and each.iban_index == iban_index,
        )

    if telling:
        fitting = [each for each in fitting if any(weight(each))]
    return max(fitting, key=weight, default=None)


def best_first(entries: Iterable[Entry]) -> list[int]:
    """Positions of entries, those that tell most about themselves first: they choose before the silent ones."""
    told = [bool(e.reference) + bool(e.transactions[0].end_to_end) + bool(e.transactions[0].iban) for e in entries]
    return sorted(range(len(told)), key=lambda position: -told[position])
