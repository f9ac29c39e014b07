"""Sums over the journal that are live and need no hot rows.

Posting adds what its lines come to, cell by cell, to `ledger_fresh`; a job folds fresh rows into
`ledger_sum` and removes them in one transaction; readers add both in one statement, so a fold is
never seen half done. A cell is account × month × programme × grant × campaign × RJ line. The same fold
keeps `ledger_total`, without grant and campaign, for reports that ask for neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Select, Table, delete, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from app.base.dates import month_start
from app.base.ids import new_ids
from app.extensions import db
from app.extensions.sql import insert_rows
from app.ledger.models import LedgerFresh, LedgerSum, LedgerTotal

_DIMENSIONS = ("month", "account_id", "programme_id", "grant_id", "campaign_id", "rj_line")
_COARSE = ("month", "account_id", "programme_id", "rj_line")
_AMOUNTS = ("debit_cents", "credit_cents", "line_count")


def add(line_rows: Iterable[Mapping[str, Any]]) -> None:
    """Add new lines to the fresh sums. Credits are kept as positive cents."""
    cells: dict[tuple[Any, ...], list[int]] = {}
    for row in line_rows:
        cell = (
            month_start(row["booked_on"]), row["account_id"], row["programme_id"], row["grant_id"],
            row["campaign_id"], row["rj_line"],
        )  # fmt: skip
        amounts = cells.setdefault(cell, [0, 0, 0])
        amounts[0 if row["cents"] > 0 else 1] += abs(row["cents"])
        amounts[2] += 1
    rows = [
        {"id": row_id, "cell": _cell_name(cell), **dict(zip(_DIMENSIONS, cell, strict=True)),
         **dict(zip(_AMOUNTS, amounts, strict=True))}
        for row_id, (cell, amounts) in zip(new_ids(len(cells)), cells.items(), strict=True)
    ]  # fmt: skip
    insert_rows(LedgerFresh, rows)


def fold(limit: int = 2000) -> int:
    """Fold at most `limit` fresh rows into the sums; returns how many. Inside `writing()`.

    Four statements: lock fresh rows, add them to their cells and totals, delete them. Several may run at
    once: each takes rows that no other holds.
    """
    fresh = LedgerFresh.__table__
    taken = db.session.execute(
        select(fresh).order_by(fresh.c.id).limit(limit).with_for_update(skip_locked=True)
    ).mappings().all()  # fmt: skip
    if taken:
        _add_to(LedgerSum.__table__, _DIMENSIONS, taken)
        _add_to(LedgerTotal.__table__, _COARSE, taken)
        db.session.execute(delete(fresh).where(fresh.c.id.in_([row["id"] for row in taken])))
    return len(taken)


def _add_to(into: Any, dimensions: Sequence[str], taken: Sequence[Any]) -> None:
    cells: dict[str, dict[str, Any]] = {}
    for row in taken:
        of = tuple(row[name] for name in dimensions)
        cell = cells.setdefault(
            _cell_name(of),
            {"cell": _cell_name(of), **dict(zip(dimensions, of, strict=True)), **dict.fromkeys(_AMOUNTS, 0)},
        )
        for name in _AMOUNTS:
            cell[name] += row[name]
    new = (sqlite.insert if db.engine.dialect.name == "sqlite" else postgresql.insert)(into)
    upsert = new.on_conflict_do_update(
        index_elements=[into.c.cell], set_={name: into.c[name] + new.excluded[name] for name in _AMOUNTS}
    )
    # In one order, so that two folds adding to the same cells wait instead of deadlocking.
    db.session.execute(upsert, sorted(cells.values(), key=lambda cell: str(cell["cell"])))


def tables() -> tuple[Table, Table]:
    """Where the cells are: folded and fresh. What is read of both is read in one statement."""
    return LedgerSum.__table__, LedgerFresh.__table__


def coarse_tables() -> tuple[Table, Table]:
    """As `tables`, for who asks for neither grant nor campaign: many times fewer rows."""
    return LedgerTotal.__table__, LedgerFresh.__table__


def both() -> CompoundSelect[Any]:
    """Folded and fresh sums as one set of rows: sum over it, in one statement."""
    return union_all(*(_cells(table, _DIMENSIONS) for table in tables()))


def of_grants() -> CompoundSelect[Any]:
    """Those of `both` that belong to a grant."""
    return union_all(*(_cells(table, _DIMENSIONS).where(table.c.grant_id.is_not(None)) for table in tables()))


def coarse() -> CompoundSelect[Any]:
    """As `both`, without grant and campaign."""
    return union_all(*(_cells(table, _COARSE) for table in coarse_tables()))


def _cells(table: Table, dimensions: Sequence[str]) -> Select[Any]:
    return select(*(table.c[name] for name in (*dimensions, *_AMOUNTS)))


def _cell_name(cell: tuple[Any, ...]) -> str:
    month, *rest = cell
    return "/".join([f"{month:%Y%m}", *("" if part is None else str(part) for part in rest)])
