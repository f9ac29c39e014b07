"""How equal lines of a day are counted, so that none is lost and none counts twice (identity.py).

Without a reference of the bank an entry is the n-th such line of its day. A statement that tells again what another one
told is counted from the beginning; one that has lines of its own on the same day is counted on from there. The balances
show which of the two it is (same_day.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import date

from app.banking.checking import Statement
from app.banking.identity import Keys
from app.banking.same_day import Elsewhere, Part, Sorted, part_of
from app.base.dates import days

_MOST = 500  # statements of several days that are compared with one, at most
_LONGEST = 400  # days of a statement that are looked at one by one


class _Before:
    """What the statements of one account told that stand before another one in a file."""

    def __init__(self) -> None:
        self._balances: tuple[set[int], set[int]] = set(), set()  # with which they begin, with which they end
        self._said: set[object] = set()
        self._longer: deque[Statement] = deque(maxlen=_MOST)  # of several days
        self._of_a_day: set[object] = set()  # days, and with them the balances, of those of one

    def add(self, statement: Statement) -> None:
        for balances, each in zip(self._balances, (statement.opening, statement.closing), strict=True):
            if each is not None:
                balances.add(each.cents)
        self._said.add(_all_of(statement))
        day = statement.first_on
        if day != statement.last_on:
            self._longer.append(statement)
        elif day is not None:
            self._of_a_day |= {day, (day, statement.opening, "begins"), (day, statement.closing, "ends")}

    def meets(self, statement: Statement) -> bool:
        """Whether one of them ends with the balance with which this one begins, or begins with which it ends."""
        begin, end = self._balances
        opening, closing = statement.opening, statement.closing
        return (opening is not None and opening.cents in end) or (closing is not None and closing.cents in begin)

    def told(self, statement: Statement) -> bool:
        """Whether this one tells again what they told. Without balances, as reports in the course of a day are, it is
        taken to: what that leaves out the statement tells, and what counts twice stays."""
        if _all_of(statement) in self._said or statement.opening is None or statement.closing is None:
            return bool(self._said)
        return not self.meets(statement) and self._overlaps(statement)

    def _overlaps(self, statement: Statement) -> bool:
        first, last = statement.first_on, statement.last_on
        if first is None or last is None:
            return False
        if first != last and not self._of_a_day.isdisjoint(_days(first, last)):
            return True
        same = {(first, statement.opening, "begins"), (first, statement.closing, "ends")}
        if first == last and not self._of_a_day.isdisjoint(same):
            return True
        return any(_overlap(statement, each) for each in self._longer)


class Counting:
    """The keys of the entries of a file, statement by statement."""

    def __init__(self, statements: Sequence[Statement], ids: Sequence[int], family: int) -> None:
        self._statements, self._family = statements, family
        self._elsewhere = Elsewhere(statements, ids, family)
        self._before: dict[int, _Before] = {}
        self._keys: dict[int, Keys] = {}
        self._counted: dict[int, set[date]] = {}  # account → days on which its keys are counted on
        self._fresh: dict[tuple[int, date], Keys] = {}
        self._begun: dict[tuple[int, date, Part], Keys] = {}  # where the keys of a fresh statement begin

    def begin(self, position: int) -> Keys:
        """The keys for a statement of the file."""
        statement = self._statements[position]
        account_id, part = statement.account_id, part_of(statement)
        before = self._before.setdefault(account_id, _Before())
        again = before.told(statement)
        before.add(statement)
        if part is not None and statement.first_on is not None:
            found = self._elsewhere.sort(account_id, statement.first_on)
            if part in found.again:
                return Keys(account_id, self._family)
            if part in found.fresh:
                return self._of_fresh(account_id, statement.first_on, part, found)
        if again or account_id not in self._keys:
            self._keys[account_id], self._counted[account_id] = Keys(account_id, self._family), set()
        keys = self._keys[account_id]
        if part is not None and statement.first_on is not None and statement.first_on not in self._counted[account_id]:
            self._counted[account_id].add(statement.first_on)
            keys.count_on(self._elsewhere.lines(account_id, statement.first_on, found, keys, fresh=False))
        return keys

    def _of_fresh(self, account_id: int, day: date, part: Part, found: Sorted) -> Keys:
        """Counted on from all that was told of the day, once for each statement however often the file has it."""
        if (account_id, day) not in self._fresh:
            keys = self._fresh[account_id, day] = Keys(account_id, self._family)
            keys.count_on(self._elsewhere.lines(account_id, day, found, keys, fresh=True))
        if (account_id, day, part) in self._begun:
            return self._begun[account_id, day, part].copy()
        self._begun[account_id, day, part] = self._fresh[account_id, day].copy()
        return self._fresh[account_id, day]


def _all_of(statement: Statement) -> object:
    return statement.opening, statement.closing, statement.entries, statement.said


def _days(first: date, last: date) -> Iterator[date]:
    return (first + days(n) for n in range(min((last - first).days + 1, _LONGEST)))


def _overlap(one: Statement, other: Statement) -> bool:
    """Whether they tell of the same days for certain: of two at least, or of one with the same balance."""
    first, last = one.first_on, one.last_on
    if first is None or last is None or other.first_on is None or other.last_on is None:
        return False
    together = (min(last, other.last_on) - max(first, other.first_on)).days + 1
    inside = together > 0 and (last - first) != (other.last_on - other.first_on)
    inside = inside and together == 1 + min((last - first).days, (other.last_on - other.first_on).days)
    same = one.opening == other.opening or one.closing == other.closing
    return together > 1 or inside or (together == 1 and same)
