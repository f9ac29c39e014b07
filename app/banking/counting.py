"""How equal lines of a day are counted, so that none is lost and none counts twice (identity.py).

Without a reference of the bank an entry is the n-th such line of its day. A statement that tells again what another one
told is counted from the beginning; one that goes on where another ended, on the same day, is counted on from there. The
balances show which of the two it is.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from app.banking.checking import Statement
from app.banking.identity import FAMILIES, Keys, plain
from app.banking.models import BankEntry, BankStatement
from app.extensions import db

_MOST = 500  # statements that are compared with one or follow on each other, at most


class _Before:
    """What the statements of one account told that stand before another one in a file."""

    def __init__(self) -> None:
        self._balances: tuple[set[int], set[int]] = set(), set()  # with which they begin, with which they end
        self._said: set[object] = set()
        self._last: deque[Statement] = deque(maxlen=_MOST)

    def add(self, statement: Statement) -> None:
        for balances, each in zip(self._balances, (statement.opening, statement.closing), strict=True):
            if each is not None:
                balances.add(each.cents)
        self._said.add(_all_of(statement))
        self._last.append(statement)

    def meets(self, statement: Statement) -> bool:
        """Whether one of them ends with the balance with which this one begins, or begins with which it ends."""
        begin, end = self._balances
        opening, closing = statement.opening, statement.closing
        return (opening is not None and opening.cents in end) or (closing is not None and closing.cents in begin)

    def told(self, statement: Statement) -> bool:
        """Whether this one tells again what they told. Without balances, as reports in the course of a day are, it is
        taken to: what that leaves out the statement tells, and what counts twice stays."""
        if _all_of(statement) in self._said or statement.opening is None or statement.closing is None:
            return bool(self._last)
        return not self.meets(statement) and any(_overlap(statement, each) for each in self._last)


class Counting:
    """The keys of the entries of a file, statement by statement."""

    def __init__(self, statements: Sequence[Statement], ids: Sequence[int], family: int) -> None:
        self._statements, self._ids, self._family = statements, ids, family
        self._before: dict[int, _Before] = {}
        self._keys: dict[int, Keys] = {}

    def begin(self, position: int) -> Keys:
        """The keys for a statement of the file."""
        statement = self._statements[position]
        account_id = statement.account_id
        before = self._before.setdefault(account_id, _Before())
        again = before.told(statement)
        if again or account_id not in self._keys:
            self._keys[account_id] = Keys(account_id, self._family)
        keys = self._keys[account_id]
        if again or not before.meets(statement):
            keys.count_on(self._of_that_day(statement))
        before.add(statement)
        return keys

    def _of_that_day(self, statement: Statement) -> Counter[str]:
        """Lines of statements in other files that come before or after this one on the same day."""
        day, opening, closing = statement.first_on, statement.opening, statement.closing
        if opening is None or closing is None or opening.cents == closing.cents:
            return Counter()
        if day is None or day != statement.last_on or day != closing.on:
            return Counter()
        others = _of_day(statement.account_id, day, self._ids, self._family)
        found = [
            *_chain(others, closing.cents, "opening_cents", "closing_cents"),
            *_chain(others, opening.cents, "closing_cents", "opening_cents"),
        ]
        if not found:
            return Counter()
        entries = select(BankEntry.booked_on, BankEntry.cents, BankEntry.reference)
        return Counter(plain(*row) for row in db.session.execute(entries.where(BankEntry.statement_id.in_(found))))


def _of_day(account_id: int, day: date, without: Sequence[int], family: int) -> list[Any]:
    found = select(
        BankStatement.id, BankStatement.file_id, BankStatement.opening_cents, BankStatement.closing_cents
    ).where(BankStatement.account_id == account_id, BankStatement.from_on == day, BankStatement.to_on == day)
    formats = [kind.value for kind, each in FAMILIES.items() if each == family]
    found = found.where(BankStatement.format.in_(formats), BankStatement.opening_cents != BankStatement.closing_cents)
    mine = set(without)
    return [row for row in db.session.execute(found.limit(1000)) if row.id not in mine]


def _chain(others: Sequence[Any], cents: int, meets: str, leads: str) -> list[int]:
    """Ids of statements that follow on each other from this balance on; the same one told twice counts once."""
    by_balance = {getattr(row, meets): row for row in others}
    found: list[int] = []
    while (row := by_balance.pop(cents, None)) is not None and len(found) < _MOST:
        found.append(row.id)
        cents = getattr(row, leads)
    return found


def _all_of(statement: Statement) -> object:
    return statement.opening, statement.closing, statement.entries, statement.said


def _overlap(one: Statement, other: Statement) -> bool:
    """Whether they tell of the same days for certain: of two at least, or of one with the same balance."""
    first, last = one.first_on, one.last_on
    if first is None or last is None or other.first_on is None or other.last_on is None:
        return False
    days = (min(last, other.last_on) - max(first, other.first_on)).days + 1
    inside = days > 0 and (last - first) != (other.last_on - other.first_on)
    inside = inside and days == 1 + min((last - first).days, (other.last_on - other.first_on).days)
    same = one.opening == other.opening or one.closing == other.closing
    return days > 1 or inside or (days == 1 and same)
