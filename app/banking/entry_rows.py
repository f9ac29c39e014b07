"""Entries of a file on their way in: the rows that are made of them, sealed, and what matching sees of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from app.banking.formats.facts import Entry, Transaction
from app.banking.matching.facts import Facts, facts_from
from app.banking.models import LineState
from app.banking.queries import Party
from app.base.ids import new_ids
from app.vault.services import blind_indexes, seal_many

IBAN_PURPOSE = "bank-line-iban"


@dataclass(slots=True)
class Item:
    """An entry on its way in; its row and those of its lines once they are made."""

    entry: Entry
    key: bytes
    statement_id: int
    row: dict[str, Any] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def first(self) -> Transaction:
        return self.entry.transactions[0]


def make_rows(items: list[Item], account_id: int, family: int) -> None:
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
            if party := _party(each):
                opened.append((line, json.dumps(party)))
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
    party = {
        "name": each.name, "iban": each.iban, "bic": each.bic, "text": each.text, "ultimate": each.ultimate,
    }  # fmt: skip
    return {name: value for name, value in party.items() if value}


def facts_of(item: Item) -> list[Facts]:
    """What matching sees of the lines of an entry; nothing while it waits for its period."""
    day, returned = item.row["ledger_on"], item.row["is_return"]
    if day is None:
        return []
    return [
        facts_from(SimpleNamespace(**line), Party(**_party(each)), day, is_return=returned)
        for line, each in zip(item.lines, item.entry.transactions, strict=True)
    ]
