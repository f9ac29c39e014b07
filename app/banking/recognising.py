"""Which entries of a file are known: by their keys, by what another kind of file told, or by their statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import select

from app.banking.entry_rows import Item
from app.banking.formats.facts import Format
from app.banking.identity import FAMILIES, Keys, Told, best_first, days_of, plain, same, without
from app.banking.models import BankEntry, BankKey, BankLine
from app.banking.twins import Twins
from app.extensions import db

_EQUAL = 50  # lines of a day that are looked up, at most
_NOTIFIED = FAMILIES[Format.CAMT054]


def known_by_key(keys: list[bytes]) -> dict[bytes, int]:
    found = select(BankKey.key, BankKey.entry_id).where(BankKey.key.in_(keys))
    return dict(db.session.execute(found).all()) if keys else {}


def told_otherwise(
    fresh: list[Item], account_id: int, family: int, twins: Callable[[], Twins], known: Iterable[int] = ()
) -> dict[bytes, int]:
    """Entries that another kind of file told of before, or this kind in another way: key → the entry there is. `known`
    are the entries that others of this statement are by their keys."""
    if not fresh:
        return {}
    found = _candidates(family).where(BankEntry.account_id == account_id)
    found = found.where(BankEntry.booked_on.in_(days_of(item.entry for item in fresh)))
    found = found.where(BankEntry.cents.in_({item.entry.cents for item in fresh}))
    exactly: dict[tuple[Any, int], list[Told]] = {}
    nearly: dict[tuple[Any, int], list[Told]] = {}
    for cents, *rest in db.session.execute(found):
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
                if chosen is None and not exact:
                    # A statement tells again what a notification told, so of those two nothing can be lost.
                    free = [each for each in free if _NOTIFIED in (family, each.families)]
                    chosen = same(entry.reference, item.first.end_to_end, _iban_index(item), free)
                if chosen is not None:
                    told[item.key] = chosen.entry_id
                    taken.add(chosen.entry_id)
    taken.update(known)
    by_statement = twins()
    for same_statements, by in ((by_statement.other, family), (by_statement.own, 0), (by_statement.back, 0)):
        left = [item for item in fresh if item.key not in told and item.statement_id in same_statements]
        bare = _bare(left, account_id, family) if same_statements is by_statement.back else None
        told |= _by_statement(left, by, same_statements, taken, bare) if left else {}
    return told


def _bare(left: list[Item], account_id: int, family: int) -> set[int]:
    """Entries of the same days and amounts that this kind of file told of without a reference."""
    keys = Keys(account_id, family)
    equal = {plain(item.entry.booked_on, item.entry.cents, "") for item in left}
    return set(known_by_key([keys.nth(text, number) for text in equal for number in range(1, _EQUAL + 1)]).values())


def _candidates(family: int) -> Any:
    """(cents, what helps to recognise) of entries that this kind of file did not tell of yet; 0 is none."""
    return (
        select(BankEntry.cents, BankEntry.id, BankEntry.reference, BankLine.end_to_end,
               BankLine.iban_index, BankEntry.booked_on, BankEntry.value_on, BankEntry.families)
        .join(BankLine, (BankLine.entry_id == BankEntry.id) & (BankLine.position == 0))
        .where(BankEntry.families.in_(without(family)))
        .order_by(BankEntry.id)
    )  # fmt: skip


def _by_statement(
    left: list[Item], family: int, twins: Mapping[int, frozenset[int]], taken: set[int], bare: set[int] | None = None
) -> dict[bytes, int]:
    """Of two tellings of the same statements the entries are the same, amount by amount, though they have nothing in
    common. Accounts that differ still tell two payments apart, and in one kind of file (0) the day they were booked.
    With `bare`, entries told without a reference, only one that is and one that is not are the same."""
    entries = frozenset().union(*(twins[item.statement_id] for item in left))
    found = _candidates(family).where(BankEntry.id.in_(entries))
    there: dict[int, list[Told]] = {}
    for cents, *rest in db.session.execute(found.where(BankEntry.cents.in_({item.entry.cents for item in left}))):
        there.setdefault(cents, []).append(Told(*rest))
    told: dict[bytes, int] = {}
    for item in left:
        entry, mine = item.entry, twins[item.statement_id]
        free = [each for each in there.get(entry.cents, ()) if each.entry_id in mine and each.entry_id not in taken]
        free = [each for each in free if family or each.booked_on == entry.booked_on or each.near(entry)]
        free = [each for each in free if bare is None or bool(entry.reference) == (each.entry_id in bare)]
        chosen = same(entry.reference, item.first.end_to_end, _iban_index(item), free)
        if chosen is not None:
            told[item.key] = chosen.entry_id
            taken.add(chosen.entry_id)
    return told


def _iban_index(item: Item) -> bytes | None:
    index: bytes | None = item.lines[0]["iban_index"] if len(item.lines) == 1 else None
    return index
