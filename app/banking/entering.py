"""Entering what a checked file told, batch by batch: what is known stays, what is new is written and booked once,
and explained where that is sure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from app.banking import booking
from app.banking.checking import Checked
from app.banking.formats.facts import Entry, Transaction
from app.banking.identity import FAMILIES, Keys, Told, best_first, same, without
from app.banking.matching import by_hand, by_itself
from app.banking.matching.facts import Facts, facts_from
from app.banking.models import BankEntry, BankKey, BankLine, LineState
from app.banking.queries import Party
from app.base.actor import Actor
from app.base.dates import month_start
from app.base.ids import new_ids
from app.extensions import db
from app.extensions.sql import insert_rows
from app.extensions.transactions import writing_in_bulk
from app.ledger.queries import closed_months
from app.organisation.models import BankAccount
from app.vault.services import blind_indexes, seal_many

BATCH = 250  # entries of one transaction
IBAN_PURPOSE = "bank-line-iban"


@dataclass(slots=True, kw_only=True)
class _File:
    """A file that is entered: what holds for all of its batches, and how many payments were new or known."""

    family: int
    recorded: by_hand.Recorded | None
    actor: Actor
    now: datetime
    new: int = 0
    already_known: int = 0


@dataclass(slots=True)
class _Item:
    """An entry on its way in; its row and those of its lines once they are made."""

    entry: Entry
    key: bytes
    statement_id: int
    row: dict[str, Any] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def first(self) -> Transaction:
        return self.entry.transactions[0]


def enter(statement_ids: list[int], checked: Checked, *, actor: Actor, now: datetime) -> tuple[int, int]:
    """Enter the entries of a checked file, by batches. Gives how many payments were new, and how many known."""
    assert checked.format is not None
    family, recorded = FAMILIES[checked.format], by_hand.recorded(*checked.days) if checked.entries else None
    file = _File(family=family, recorded=recorded, actor=actor, now=now)
    keys: dict[int, Keys] = {}
    batch: list[_Item] = []
    account_id = 0
    for position, entry in checked.spool:
        before, account_id = account_id, checked.statements[position].account_id
        if batch and (len(batch) == BATCH or before != account_id):
            _enter_batch(batch, before, file)
            batch = []
        own = keys.setdefault(account_id, Keys(account_id, family))
        batch.append(_Item(entry, own.of(entry), statement_ids[position]))
    _enter_batch(batch, account_id, file)
    return file.new, file.already_known


def _enter_batch(batch: list[_Item], account_id: int, file: _File) -> None:
    """Enter entries of one account. Sealing is done before the transaction, deciding inside it."""
    if not batch:
        return
    family = file.family
    known = _known([item.key for item in batch])
    db.session.rollback()
    fresh = [item for item in batch if item.key not in known]
    detailed = [item for item in batch if item.key in known and len(item.entry.transactions) > 1]
    _make_rows([*fresh, *detailed], account_id, family)
    more = {item.key: item.lines for item in detailed}
    with writing_in_bulk():
        # One file at a time for each account: two at once would not see what the other brings.
        account = select(BankAccount.booked_by).where(BankAccount.id == account_id).with_for_update()
        booked_by = db.session.execute(account).scalar_one()
        known |= _known([item.key for item in fresh])
        fresh = [item for item in fresh if item.key not in known]
        told = _told_otherwise(fresh, account_id, family)
        entered = [item for item in fresh if item.key not in told]
        more |= {item.key: item.lines for item in fresh if item.key in told and len(item.lines) > 1}
        _give_days([item.row for item in entered])
        insert_rows(BankEntry, [item.row for item in entered])
        insert_rows(BankLine, [line for item in entered for line in item.lines])
        booking.book([item.row for item in entered], booked_by, actor=file.actor, now=file.now)
        _remember({item.key: item.row["id"] for item in entered} | told)
        if told:
            both = update(BankEntry).where(BankEntry.id == bindparam("row"))
            both = both.values(families=BankEntry.families.op("|")(family))
            db.session.connection().execute(both, [{"row": entry_id} for entry_id in told.values()])
        _tell_more({(known | told)[key]: lines for key, lines in more.items()})
        lines = [line for item in entered for line in _facts(item)]
        by_itself.look_at(lines, file.recorded, actor=file.actor, now=file.now)
    count = sum(len(item.entry.transactions) for item in entered)
    file.new += count
    file.already_known += sum(len(item.entry.transactions) for item in batch) - count


def _known(keys: list[bytes]) -> dict[bytes, int]:
    found = select(BankKey.key, BankKey.entry_id).where(BankKey.key.in_(keys))
    return dict(db.session.execute(found).all()) if keys else {}


def _remember(keys: dict[bytes, int]) -> None:
    insert_rows(BankKey, [{"key": key, "entry_id": entry_id} for key, entry_id in keys.items()], only_new=True)


def _told_otherwise(fresh: list[_Item], account_id: int, family: int) -> dict[bytes, int]:
    """Entries that another kind of file told of before: key → the entry there is."""
    if not fresh:
        return {}
    found = db.session.execute(
        select(BankEntry.id, BankEntry.booked_on, BankEntry.cents, BankEntry.reference, BankLine.end_to_end,
               BankLine.iban_index)
        .join(BankLine, (BankLine.entry_id == BankEntry.id) & (BankLine.position == 0))
        .where(BankEntry.account_id == account_id)
        .where(BankEntry.booked_on.in_({item.entry.booked_on for item in fresh}))
        .where(BankEntry.cents.in_({item.entry.cents for item in fresh}))
        .where(BankEntry.families.in_(without(family)))
        .order_by(BankEntry.id)
    )  # fmt: skip
    candidates: dict[tuple[Any, int], list[Told]] = {}
    for row_id, day, cents, reference, end_to_end, iban_index in found:
        candidates.setdefault((day, cents), []).append(Told(row_id, reference, end_to_end, iban_index))
    told: dict[bytes, int] = {}
    for position in best_first([item.entry for item in fresh]) if candidates else ():
        item = fresh[position]
        there = candidates.get((item.entry.booked_on, item.entry.cents), [])
        chosen = same(item.entry.reference, item.first.end_to_end, _iban_index(item), there)
        if chosen is not None:
            told[item.key] = chosen.entry_id
            there.remove(chosen)
    return told


def _iban_index(item: _Item) -> bytes | None:
    index: bytes | None = item.lines[0]["iban_index"] if len(item.lines) == 1 else None
    return index


def _make_rows(items: list[_Item], account_id: int, family: int) -> None:
    """The rows of entries and of their lines, sealed and ready."""
    told = [each for item in items for each in item.entry.transactions]
    ids = iter(new_ids(len(items) + len(told)))
    ibans = [each.iban for each in told if each.iban]
    index_of = dict(zip(ibans, blind_indexes(ibans, IBAN_PURPOSE), strict=True))
    opened: list[tuple[dict[str, Any], str]] = []
    for item in items:
        entry = item.entry
        item.row = {
            "id": next(ids),
            "account_id": account_id,
            "statement_id": item.statement_id,
            "booked_on": entry.booked_on,
            "value_on": entry.value_on,
            "cents": entry.cents,
            "reference": entry.reference,
            "code": entry.code[:20],
            "bank_code": entry.bank_code[:20],
            "is_return": entry.is_return,
            "families": family,
            "ledger_on": None,
        }
        for position, each in enumerate(entry.transactions):
            line = _line_row(next(ids), position, each, item.row, index_of.get(each.iban))
            item.lines.append(line)
            if each.name or each.iban or each.bic or each.text:
                opened.append((line, json.dumps(_party(each))))
    sealed = seal_many((said, f"bank_line:{line['id']}") for line, said in opened)
    for (line, _), blob in zip(opened, sealed, strict=True):
        line["party_sealed"] = blob


def _line_row(
    line_id: int, position: int, each: Transaction, row: dict[str, Any], index: bytes | None
) -> dict[str, Any]:
    return {
        "id": line_id,
        "entry_id": row["id"],
        "account_id": row["account_id"],
        "position": position,
        "booked_on": row["booked_on"],
        "cents": each.cents,
        "state": LineState.REVIEW if each.cents else LineState.EXPLAINED,  # of nothing there is nothing to explain
        "looked": False,
        "end_to_end": each.end_to_end,
        "mandate": each.mandate,
        "creditor_id": each.creditor_id,
        "batch": each.batch,
        "structured": each.structured,
        "return_reason": each.return_reason,
        "iban_index": index,
        "party_sealed": None,
    }


def _party(each: Transaction) -> dict[str, str]:
    party = {"name": each.name, "iban": each.iban, "bic": each.bic, "text": each.text}
    return {name: value for name, value in party.items() if value}


def _facts(item: _Item) -> list[Facts]:
    """What matching sees of the lines of an entry; nothing while it waits for its period."""
    day, returned = item.row["ledger_on"], item.row["is_return"]
    if day is None:
        return []
    return [
        facts_from(SimpleNamespace(**line), Party(each.name, each.iban, each.bic, each.text), day, is_return=returned)
        for line, each in zip(item.lines, item.entry.transactions, strict=True)
    ]


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
