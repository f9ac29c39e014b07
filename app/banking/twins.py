"""Statements that two kinds of files tell, each in its own way: as one of a month or as one of each day.

From the same balance to the same balance, to about the same day, with as many entries of the same amounts: then the
entries are the same, though days and references differ. One kind of file may tell them twice too, in another version
with other references: of the same days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from app.banking.checking import Checked
from app.banking.identity import FAMILIES, comes_back, without
from app.banking.models import BankEntry, BankStatement
from app.base.dates import days
from app.extensions import db

_ENTRIES = 2000  # that are compared, at most
_STATEMENTS = 2000  # of an account that are looked at, at most
_VALUED = 31  # days that a value day lies before the statement, at most
_APART = 5  # days between the ends in two formats, at most

_Entries = Mapping[int, frozenset[int]]  # statement → entries that were told of the same


@dataclass(frozen=True, slots=True)
class Twins:
    """What other kinds of files told of the statements of a file, and what its own kind did: `back` where the balance
    came back to what it was, as it may again on that day."""

    other: _Entries
    own: _Entries
    back: _Entries


@dataclass(frozen=True, slots=True)
class _Told:
    id: int
    opening: int
    closing: int
    from_on: date
    to_on: date
    entries: int
    cubes: int = 0
    amounts: Counter[int] | None = None


def twins(checked: Checked, statement_ids: Sequence[int]) -> Twins:
    """For the statements of a file the entries of those that told the same before."""
    assert checked.format is not None
    own_family, own_ids = FAMILIES[checked.format], set(statement_ids)
    mine: dict[int, list[_Told]] = {}
    for row_id, each in zip(statement_ids, checked.statements, strict=True):
        if each.opening and each.closing:
            told = _Told(
                row_id, each.opening.cents, each.closing.cents, each.opening.on, each.closing.on, each.entries,
                each.cubes, each.amounts,
            )  # fmt: skip
            mine.setdefault(each.account_id, []).append(told)
    other: dict[int, frozenset[int]] = {}
    own: dict[int, frozenset[int]] = {}
    back: dict[int, frozenset[int]] = {}
    for account_id, told_here in mine.items():
        for family in set(FAMILIES.values()):
            there = [each for each in _there(account_id, family, told_here) if each.id not in own_ids]
            for ours, theirs in _segments(told_here, there) if there else ():
                found = other
                if family == own_family:
                    found = back if _comes_back(ours, [*there, *told_here]) else own
                entries = _entries(account_id, family, ours, theirs)
                found |= {each.id: entries for each in ours if entries and each.id not in found}
    return Twins(other, own, back)


def _comes_back(ours: Sequence[_Told], told: Sequence[_Told]) -> bool:
    """Whether the balance comes back on the last day to what it was before these."""
    leads: dict[int, set[int]] = {}
    for each in told:
        if each.to_on == ours[-1].to_on:
            leads.setdefault(each.opening, set()).add(each.closing)
    return comes_back(ours[0].opening, ours[-1].closing, leads)


def _there(account_id: int, family: int, mine: Sequence[_Told]) -> list[_Told]:
    """What this kind of file told about the same days, with what its entries come to."""
    ends = [each.to_on for each in mine]
    rows = db.session.execute(
        select(BankStatement.id, BankStatement.opening_cents, BankStatement.closing_cents, BankStatement.from_on,
               BankStatement.to_on, BankStatement.entries)
        .where(BankStatement.account_id == account_id)
        .where(BankStatement.format.in_(_formats(family)))
        .where(BankStatement.opening_cents.is_not(None), BankStatement.closing_cents.is_not(None))
        .where(BankStatement.to_on.between(min(ends) - days(_APART), max(ends) + days(_APART)))
        .order_by(BankStatement.to_on, BankStatement.id)
        .limit(_STATEMENTS)
    ).all()  # fmt: skip
    return [_Told(*row) for row in rows]  # type: ignore[arg-type]  # none of them is None


def _formats(family: int) -> list[str]:
    return [kind.value for kind, each in FAMILIES.items() if each == family]


def _segments(mine: Sequence[_Told], there: Sequence[_Told]) -> Iterator[tuple[list[_Told], list[_Told]]]:
    """Statements of the two sides that follow on each other and tell the same, as short as they can be."""
    next_of_mine, next_there = _following(mine), _following(there)
    beginning: dict[int, list[_Told]] = {}
    for other in there:
        beginning.setdefault(other.opening, []).append(other)
    for each in mine:
        for other in beginning.get(each.opening, ()):
            ours, theirs = _meet(each, other, next_of_mine, next_there)
            if ours:
                yield ours, theirs


def _following(told: Sequence[_Told]) -> Callable[[_Told], _Told | None]:
    """Gives the next one: the first that begins with the balance with which one ends, on that day or later."""
    by_opening: dict[int, list[_Told]] = {}
    for each in sorted(told, key=lambda each: (each.to_on, each.id)):
        by_opening.setdefault(each.opening, []).append(each)

    def following(one: _Told) -> _Told | None:
        later = (each for each in by_opening.get(one.closing, ()) if each.to_on >= one.to_on and each is not one)
        return next(later, None)

    return following


def _meet(
    one: _Told, other: _Told, next_of_mine: Callable[[_Told], _Told | None], next_there: Callable[[_Told], _Told | None]
) -> tuple[list[_Told], list[_Told]]:
    """From these two on until both end with the same balance; nothing where they never do."""
    ours, theirs = [one], [other]
    while not _meets(ours, theirs):
        side, following = (ours, next_of_mine) if ours[-1].to_on < theirs[-1].to_on else (theirs, next_there)
        if ours[-1].to_on == theirs[-1].to_on and sum(e.entries for e in ours) < sum(e.entries for e in theirs):
            side, following = ours, next_of_mine
        more = following(side[-1])
        if more is None or sum(each.entries for each in side) > _ENTRIES or len(side) > _STATEMENTS:
            return [], []
        side.append(more)
    return ours, theirs


def _meets(ours: Sequence[_Told], theirs: Sequence[_Told]) -> bool:
    """Whether both end with the same balance about the same day; on the very day where it is what they began with, as
    it may be every day."""
    one, other = ours[-1], theirs[-1]
    apart = 0 if ours[0].opening == one.closing else _APART
    counts = sum(each.entries for each in ours) == sum(each.entries for each in theirs)
    return one.closing == other.closing and counts and abs(one.to_on - other.to_on) <= days(apart)


def _entries(account_id: int, family: int, ours: Sequence[_Told], theirs: Sequence[_Told]) -> frozenset[int]:
    """Ids of the entries of these statements of theirs: those that they brought, and those that they told of in the
    same days and that a file of again another kind had brought. None where their amounts are not those of ours."""
    count = sum(each.entries for each in ours)
    if not 0 < count <= _ENTRIES:
        return frozenset()
    elsewhere = select(BankStatement.id).where(
        BankStatement.id == BankEntry.statement_id, BankStatement.format.not_in(_formats(family))
    )
    first, last = min(each.from_on for each in theirs), max(each.to_on for each in theirs)
    also = (
        (BankEntry.account_id == account_id) & BankEntry.booked_on.between(first - days(_VALUED), last)
        & BankEntry.families.not_in(without(family)) & elsewhere.exists()
    )  # fmt: skip
    ids = [each.id for each in theirs]
    told = select(BankEntry.id, BankEntry.cents, BankEntry.booked_on, BankEntry.statement_id.in_(ids).label("brought"))
    told = told.where(BankEntry.statement_id.in_(ids) | also).order_by(BankEntry.booked_on.desc())
    rows = db.session.execute(told.limit(2 * _ENTRIES)).all()
    # A value day before the statement may stand for when it begins, so its own day is tried too.
    for since in (first, min(each.to_on for each in theirs)):
        found = {row.id: row.cents for row in rows if row.brought or row.booked_on >= since}
        if len(found) == count and sum(cents**3 for cents in found.values()) == sum(each.cubes for each in ours):
            return frozenset(found)
    return _by_amounts(rows, first, ours)


def _by_amounts(rows: Sequence[Any], first: date, ours: Sequence[_Told]) -> frozenset[int]:
    """The same, where some entries stand on another day than theirs: again another kind of file told the value day of
    costs and interest only."""
    wanted: Counter[int] = Counter()
    for each in ours:
        if each.amounts is None:
            return frozenset()
        wanted.update(each.amounts)
    found = [row for row in rows if row.brought]
    wanted.subtract(row.cents for row in found)
    nearest = sorted(rows, key=lambda row: abs((row.booked_on - first).days))
    for row in nearest:
        if not row.brought and wanted[row.cents] > 0:
            wanted[row.cents] -= 1
            found.append(row)
    return frozenset(row.id for row in found) if not any(wanted.values()) else frozenset()
