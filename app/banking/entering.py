"""Entering what a checked file told, batch by batch: what is known stays, what is new is written and booked once,
and explained where that is sure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from app.banking import booking
from app.banking.checking import Checked
from app.banking.counting import Counting
from app.banking.entry_rows import Item, facts_of, make_rows
from app.banking.formats.facts import Entry
from app.banking.identity import FAMILIES, Keys
from app.banking.matching import by_hand, by_itself, deciding
from app.banking.models import BankEntry, BankKey, BankLine, LineState
from app.banking.recognising import known_by_key, told_otherwise
from app.banking.twins import Twins, twins
from app.base.actor import Actor
from app.base.dates import month_start
from app.base.errors import DomainError
from app.base.ids import new_id
from app.extensions import db
from app.extensions.plans import Stale, planning
from app.extensions.sql import insert_rows
from app.extensions.transactions import next_batch, writing_in_bulk
from app.ledger.queries import closed_months
from app.organisation.models import BankAccount

WINDOW = 960  # entries prepared together, or a few more
_MOST = 4 * WINDOW  # of a day that has more
BATCH = 160  # entries of one transaction, to begin with: it holds up other writers


@dataclass(slots=True, kw_only=True)
class _File:
    """A file that is entered: what holds for all of its batches, and how many payments were new or known."""

    family: int
    recorded: by_hand.Recorded | None
    actor: Actor
    now: datetime
    new: int = 0
    already_known: int = 0
    twins: Callable[[], Twins]
    block: int  # entries decided on together
    batch: int  # entries written together


def enter(statement_ids: list[int], checked: Checked, *, actor: Actor, now: datetime) -> tuple[int, int]:
    """Enter the entries of a checked file, by batches. Gives how many payments were new, and how many known."""
    assert checked.format is not None
    family, recorded = FAMILIES[checked.format], by_hand.recorded(*checked.days) if checked.entries else None
    file = _File(
        family=family, recorded=recorded, actor=actor, now=now, block=WINDOW, batch=BATCH,
        twins=cache(lambda: twins(checked, statement_ids)),  # nobody asks where all of it is known
    )  # fmt: skip
    counting = Counting(checked.statements, statement_ids, family)
    keys: Keys | None = None
    window: list[Item] = []
    here: set[bytes] = set()
    account_id, at = 0, -1
    for position, entry in checked.spool:
        before, account_id = account_id, checked.statements[position].account_id
        if position != at:
            at, keys = position, counting.begin(position)
        assert keys is not None
        key = keys.of(entry)
        if key in here and len(entry.transactions) == 1:
            file.already_known += 1  # told again in this file, with nothing more to tell
            continue
        if window and (before != account_id or key in here or _ends(window, entry)):
            _enter_window(window, before, file)
            window, here = [], set()
        here.add(key)
        window.append(Item(entry, key, statement_ids[position]))
    _enter_window(window, account_id, file)
    return file.new, file.already_known


def _ends(window: list[Item], coming: Entry) -> bool:
    """A window ends with a day: equal lines of one day are compared with each other (`best_first`)."""
    full = len(window) >= WINDOW and coming.booked_on != window[-1].entry.booked_on
    return full or len(window) >= _MOST


def _enter_window(window: list[Item], account_id: int, file: _File) -> None:
    """Prepare entries of one account outside any transaction, sealing and deciding on all of them, then write them by
    batches that check that what was decided still holds."""
    if not window:
        return
    since = new_id()
    known = known_by_key([item.key for item in window])
    fresh = [item for item in window if item.key not in known]
    detailed = [item for item in window if item.key in known and len(item.entry.transactions) > 1]
    make_rows([*fresh, *detailed], account_id, file.family)
    told = told_otherwise(fresh, account_id, file.family, file.twins, known.values())
    _give_days([item.row for item in fresh])
    new = {item.key for item in fresh} - told.keys()
    groups = [facts_of(item) if item.key in new else [] for item in window]
    start = 0
    while start < len(window):
        decided, count = by_itself.choose(groups[start : start + file.block], file.recorded, since)
        db.session.rollback()
        first, end = start, start + count
        while first < end:
            some = window[first : min(first + file.batch, end)]
            if not _enter_planned(some, known, told, decided, account_id, file):
                _enter_batch(some, known, decided, account_id, file)
            if len(some) == file.batch:
                file.batch = next_batch(file.batch, BATCH)
            first += len(some)
        file.block = by_itself.next_size(min(file.block, len(window) - start), count, WINDOW)
        start += count
        since = new_id()


def _enter_planned(
    batch: list[Item], known: dict[bytes, int], told: dict[bytes, int], decided: by_itself.Decided, account_id: int,
    file: _File,
) -> bool:  # fmt: skip
    """Enter a batch of which everything is new and is still when it is written: others wait for the writing only.
    False, and nothing done, where it is otherwise."""
    if any(item.key in known or item.key in told for item in batch):
        return False
    account = select(BankAccount.booked_by).where(BankAccount.id == account_id)
    try:
        with planning() as plan:
            booked_by = db.session.execute(account).scalar_one()
            insert_rows(BankEntry, [item.row for item in batch])
            booking.book([item.row for item in batch], booked_by, actor=file.actor, now=file.now)
            lines = [line for item in batch for line in item.lines]
            rest = by_itself.plan_decided(plan, lines, decided, actor=file.actor, now=file.now)
            _remember({item.key: item.row["id"] for item in batch})
        db.session.rollback()
        with writing_in_bulk():
            # One file at a time for each account: two at once would not see what the other brings.
            if db.session.execute(account.with_for_update()).scalar_one() is not booked_by:
                raise Stale
            if told_otherwise(batch, account_id, file.family, file.twins):
                raise Stale
            plan.write()
            deciding.decide_new(rest, actor=file.actor, now=file.now)
    except (DomainError, Stale):
        return False
    file.new += sum(len(item.entry.transactions) for item in batch)
    return True


def _enter_batch(
    batch: list[Item], known: dict[bytes, int], decided: by_itself.Decided, account_id: int, file: _File
) -> None:
    known = {item.key: known[item.key] for item in batch if item.key in known}
    fresh = [item for item in batch if item.key not in known]
    more = {item.key: item.lines for item in batch if item.key in known and item.lines}
    with writing_in_bulk():
        # One file at a time for each account: two at once would not see what the other brings.
        account = select(BankAccount.booked_by).where(BankAccount.id == account_id).with_for_update()
        booked_by = db.session.execute(account).scalar_one()
        known |= known_by_key([item.key for item in fresh])
        fresh = [item for item in fresh if item.key not in known]
        told = told_otherwise(fresh, account_id, file.family, file.twins, known.values())
        entered = [item for item in fresh if item.key not in told]
        more |= {item.key: item.lines for item in fresh if item.key in told and len(item.lines) > 1}
        _give_days([item.row for item in entered])
        insert_rows(BankEntry, [item.row for item in entered])
        booking.book([item.row for item in entered], booked_by, actor=file.actor, now=file.now)
        booked = [line for item in entered if item.row["ledger_on"] is not None for line in item.lines]
        waiting = [line for item in entered if item.row["ledger_on"] is None for line in item.lines]
        by_itself.insert_decided(booked, decided, actor=file.actor, now=file.now)
        insert_rows(BankLine, waiting)
        _remember({item.key: item.row["id"] for item in entered} | told)
        if told:
            both = update(BankEntry).where(BankEntry.id == bindparam("row"))
            both = both.values(families=BankEntry.families.op("|")(file.family))
            db.session.connection().execute(both, [{"row": entry_id} for entry_id in told.values()])
        _tell_more({(known | told)[key]: lines for key, lines in more.items()})
    count = sum(len(item.entry.transactions) for item in entered)
    file.new += count
    file.already_known += sum(len(item.entry.transactions) for item in batch) - count


def _remember(keys: dict[bytes, int]) -> None:
    insert_rows(BankKey, [{"key": key, "entry_id": entry_id} for key, entry_id in keys.items()], only_new=True)


def _give_days(rows: list[dict[str, Any]]) -> None:
    """The day each entry is booked on: its own, where that is in an open period."""
    closed = closed_months({month_start(row["booked_on"]) for row in rows})
    for row in rows:
        row["ledger_on"] = None if month_start(row["booked_on"]) in closed else row["booked_on"]


def _tell_more(details: dict[int, list[dict[str, Any]]]) -> None:
    """An entry that was told as one sum is told now in parts: its one line gives way, where nobody explained it yet."""
    if not details:
        return
    there: dict[int, list[Any]] = {}
    found = select(BankLine.id, BankLine.entry_id, BankLine.state).where(BankLine.entry_id.in_(details))
    for row in db.session.execute(found):
        there.setdefault(row.entry_id, []).append(row)
    parted = [e for e, rows in there.items() if len(rows) == 1 and rows[0].state is LineState.REVIEW]
    if parted:
        db.session.execute(delete(BankLine).where(BankLine.entry_id.in_(parted)))
        insert_rows(BankLine, [line | {"entry_id": entry_id} for entry_id in parted for line in details[entry_id]])
