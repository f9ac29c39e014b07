"""Holdings: which tables hold something of a supporter, and what merge and erasure do with it.

Every room declares its own at import; the privacy room uses this registry alone. A test
walks all foreign keys to `supporter` and fails where one is not declared here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class OnErase(Enum):
    DELETE = "delete"  # nothing obliges us to keep it
    KEEP = "keep"  # the fiscal duty demands it; the supporter row itself is anonymised
    CLEAR = "clear"  # keep the row, empty `personal_columns`


class OnMerge(Enum):
    MOVE = "move"  # rows move to the supporter that stays
    DROP = "drop"  # rows are made anew for the supporter that stays (search tokens, totals)
    STAY = "stay"  # rows tell of the record itself and stay with it


@dataclass(frozen=True, slots=True)
class Holding:
    table: str
    column: str
    on_merge: OnMerge
    on_erase: OnErase
    personal_columns: tuple[str, ...] = ()
    label: str = ""
    exported: bool = True
    of_others: bool = False  # may tell of other people: given only after somebody read it
    where: tuple[str, str] | None = None  # (column, value): the rows of it that are a supporter's


_holdings: dict[tuple[str, str], Holding] = {}


def declare(*holdings: Holding) -> None:
    for holding in holdings:
        _holdings[(holding.table, holding.column)] = holding


def all_holdings() -> list[Holding]:
    return list(_holdings.values())
