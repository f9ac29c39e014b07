"""Holdings: which tables hold something of a supporter, and what merge and erasure do with it.

Every room declares its own at import; the privacy room uses this registry alone. A test
walks all foreign keys to `supporter` and fails where one is not declared here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
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
    # Of rows that stay after erasure: (table, column that points at them, columns of it with words of staff).
    words: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Duty:
    """The law asks that `columns` of one person's rows of `table`, and the documents of those rows, are kept until
    a day: erasure empties them after it. `why` is a msgid; `until(supporter_id)` gives None where there is nothing."""

    table: str
    columns: tuple[str, ...]
    why: str
    until: Callable[[int], date | None]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What still runs for a person: a msgid, the page where it is dealt with (`link`: endpoint, argument, id), an
    amount in cents and a day where it has them. `stops`: erasing has to wait for it."""

    text: str
    stops: bool
    link: tuple[str, str, int] | None = None
    cents: int | None = None
    on: date | None = None


_holdings: dict[tuple[str, str, tuple[str, str] | None], Holding] = {}
_duties: dict[str, Duty] = {}
_runs: dict[str, Callable[[int], list[Obstacle]]] = {}


def declare(*holdings: Holding) -> None:
    for holding in holdings:
        _holdings[(holding.table, holding.column, holding.where)] = holding


def declare_duty(duty: Duty) -> None:
    _duties[duty.table] = duty


def duties() -> dict[str, Duty]:
    return dict(_duties)


def declare_running(name: str, look: Callable[[int], list[Obstacle]]) -> None:
    """Say, at start, what may still run for a supporter when somebody wants to erase them."""
    _runs[name] = look


def running(supporter_id: int) -> list[Obstacle]:
    """All that still runs for this supporter."""
    return [each for look in _runs.values() for each in look(supporter_id)]


def all_holdings() -> list[Holding]:
    return list(_holdings.values())
