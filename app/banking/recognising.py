"""Which entries of a file are known: by their keys, by what another kind of file told, or by their statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select, tuple_

from app.banking.checking import Checked, Statement
from app.banking.entry_rows import Item
from app.banking.identity import FAMILIES, Told, best_first, days_of, same, without
from app.banking.models import BankEntry, BankKey, BankLine, BankStatement
from app.base.dates import days
from app.extensions import db

_ENTRIES = 2000  # of a statement that is compared with another one, at most
_APART = 5  # days between the last day of a statement in two formats, at most
_CHUNK = 200

Twins = Mapping[int, int]  # statement → the same one in another kind of file


def known_by_key(keys: list[bytes]) -> dict[bytes, int]:
    found = select(BankKey.key, BankKey.entry_id).where(BankKey.key.in_(keys))
    return dict(db.session.execute(found).all()) if keys else {}


def told_otherwise(fresh: list[Item], account_id: int, family: int, twins: Twins) -> dict[bytes, int]:
    """Entries that another kind of file told of before: key → the entry there is."""
    if not fresh:
        return {}
    found = _candidates(family).where(BankEntry.account_id == account_id)
    found = found.where(BankEntry.booked_on.in_(days_of(item.entry for item in fresh)))
    found = found.where(BankEntry.cents.in_({item.entry.cents for item in fresh}))
    exactly: dict[tuple[Any, int], list[Told]] = {}
    nearly: dict[tuple[Any, int], list[Told]] = {}
    for cents, _, *rest in db.session.execute(found):
        each = Told(*rest)
        exactly.setdefault((each.booked_on, cents), []).append(each)
        nearly.setdefault((each.value_on, cents), []).append(each)
    order = [fresh[position] for position in best_first([item.entry for item in fresh])] if exactly else []
    told: dict[bytes, int] = {}
    taken: set[int] = set()
    for exact in (True, False):  # those of the very day first
        for item in order:
            entry = item.entry
            there = (exactly if exact else nearly).get((entry.booked_on if exact else entry.value_on, entry.cents), ())
            free = [each for each in there if each.entry_id not in taken and (exact or each.near(entry))]
            if free and item.key not in told:
                chosen = same(entry.reference, item.first.end_to_end, _iban_index(item), free, telling=not exact)
                if chosen is not None:
                    told[item.key] = chosen.entry_id
                    taken.add(chosen.entry_id)
    left = [item for item in fresh if item.key not in told and item.statement_id in twins]
    return told | _by_statement(left, family, twins, taken) if left else told


def _candidates(family: int) -> Any:
    """(cents, statement, what helps to recognise) of entries that this kind of file did not tell of yet."""
    return (
        select(BankEntry.cents, BankEntry.statement_id, BankEntry.id, BankEntry.reference, BankLine.end_to_end,
               BankLine.iban_index, BankEntry.booked_on, BankEntry.value_on)
        .join(BankLine, (BankLine.entry_id == BankEntry.id) & (BankLine.position == 0))
        .where(BankEntry.families.in_(without(family)))
        .order_by(BankEntry.id)
    )  # fmt: skip


def _by_statement(left: list[Item], family: int, twins: Twins, taken: set[int]) -> dict[bytes, int]:
    """Of two tellings of one statement the entries are the same, amount by amount, though they have nothing in common.
    Accounts that differ still tell two payments apart."""
    statements = {twins[item.statement_id] for item in left}
    found = _candidates(family).where(BankEntry.statement_id.in_(statements))
    found = found.where(BankEntry.cents.in_({item.entry.cents for item in left}))
    there: dict[tuple[int, int], list[Told]] = {}
    for cents, statement_id, *rest in db.session.execute(found):
        if rest[0] not in taken:
            there.setdefault((statement_id, cents), []).append(Told(*rest))
    told: dict[bytes, int] = {}
    for item in left:
        free = there.get((twins[item.statement_id], item.entry.cents), [])
        entry = item.entry
        chosen = same(entry.reference, item.first.end_to_end, _iban_index(item), free)
        if chosen is not None:
            told[item.key] = chosen.entry_id
            free.remove(chosen)
    return told


def _iban_index(item: Item) -> bytes | None:
    index: bytes | None = item.lines[0]["iban_index"] if len(item.lines) == 1 else None
    return index


def twins(checked: Checked, statement_ids: Sequence[int]) -> dict[int, int]:
    """Statements of this file that another kind of file told before: of the same account, from the same balance to the
    same balance, about the same day, with as many entries of the same amounts."""
    assert checked.format is not None
    family = FAMILIES[checked.format]
    mine = [
        (row_id, each) for row_id, each in zip(statement_ids, checked.statements, strict=True)
        if each.opening and each.closing and 0 < each.entries <= _ENTRIES
    ]  # fmt: skip
    found: dict[int, int] = {}
    for start in range(0, len(mine), _CHUNK):
        some = mine[start : start + _CHUNK]
        for row_id, row in _alike(some, family):
            if row_id not in found and row.id not in found.values():
                found[row_id] = row.id
    return found


def _alike(some: Sequence[tuple[int, Statement]], family: int) -> Iterable[tuple[int, Any]]:
    named = tuple_(
        BankStatement.account_id, BankStatement.opening_cents, BankStatement.closing_cents, BankStatement.entries
    )
    other = [kind.value for kind, each in FAMILIES.items() if each != family]
    rows = db.session.execute(
        select(BankStatement)
        .where(named.in_([_name(each) for _, each in some]), BankStatement.format.in_(other))
        .order_by(BankStatement.id)
    ).scalars()
    there: dict[Any, list[BankStatement]] = {}
    for row in rows:
        name = (row.account_id, row.opening_cents, row.closing_cents, row.entries)
        there.setdefault(name, []).append(row)
    cubes = _cubes([row.id for same_name in there.values() for row in same_name])
    for row_id, each in some:
        for row in there.get(_name(each), ()):
            if cubes.get(row.id) == (each.entries, each.cubes) and _near(each, row):
                yield row_id, row


def _name(statement: Statement) -> tuple[int, int, int, int]:
    assert statement.opening is not None
    assert statement.closing is not None
    return statement.account_id, statement.opening.cents, statement.closing.cents, statement.entries


def _near(statement: Statement, row: BankStatement) -> bool:
    """Of about the same day; of the very day where the balance came back to what it was, as it may every day."""
    assert statement.closing is not None
    if row.to_on is None:
        return False
    apart = abs(row.to_on - statement.closing.on)
    return apart <= days(0 if row.opening_cents == row.closing_cents else _APART)


def _cubes(statement_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Per statement how many entries it brought, and the sum of their amounts to the third power."""
    found: dict[int, tuple[int, int]] = {}
    rows = select(BankEntry.statement_id, BankEntry.cents).where(BankEntry.statement_id.in_(statement_ids))
    for statement_id, cents in db.session.execute(rows) if statement_ids else ():
        count, cubes = found.get(statement_id, (0, 0))
        found[statement_id] = count + 1, cubes + cents**3
    return found
