"""Sealing everything anew under the first key of VAULT_KEYS, so that an old key can be retired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import LargeBinary, bindparam, column, select, table, update

from app.base.columns import Big
from app.extensions import db
from app.extensions.transactions import writing_in_bulk
from app.vault.services import is_current, seal, unseal_bytes

_BATCH = 200


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column that holds sealed values; `context` is the format its rows use: ``"iban:{id}"``."""

    table: str
    column: str
    context: str


_sealed: dict[tuple[str, str], SealedColumn] = {}


def declare_sealed(*columns: SealedColumn) -> None:
    """Every room declares its sealed columns at import; a test compares them with the tables."""
    for each in columns:
        _sealed[(each.table, each.column)] = each


def sealed_columns() -> list[SealedColumn]:
    return list(_sealed.values())


_stores: dict[str, Callable[[], int]] = {}


def declare_store(folder: str, reseal: Callable[[], int]) -> None:
    """A folder of DATA_DIR with sealed files. Backups take all that are declared here; `reseal` seals its files anew
    and returns how many changed."""
    _stores[folder] = reseal


def sealed_stores() -> dict[str, Callable[[], int]]:
    return dict(_stores)


declare_sealed(SealedColumn("person_key", "wrapped", "person:{id}"))


def rotate(sealed: SealedColumn) -> int:
    """Seal all rows of one column under the current key, in small batches; returns how many changed.

    Can be stopped and started again at any time.
    """
    name = sealed.column
    rows = table(sealed.table, column("id", Big), column(name, LargeBinary))
    last, changed = -1, 0
    while True:
        with writing_in_bulk() as session:
            page = session.execute(
                select(rows.c.id, rows.c[name])
                .where(rows.c.id > last, rows.c[name].is_not(None))
                .order_by(rows.c.id)
                .limit(_BATCH)
            ).all()
            stale = [(i, blob) for i, blob in page if not is_current(blob)]
            contexts = {i: sealed.context.format(id=i) for i, _ in stale}
            fresh = [{"row": i, "blob": seal(unseal_bytes(b, contexts[i]), contexts[i])} for i, b in stale]
            if fresh:
                statement = update(rows).where(rows.c.id == bindparam("row")).values({name: bindparam("blob")})
                session.connection().execute(statement, fresh)
        db.session.rollback()
        changed += len(fresh)
        if len(page) < _BATCH:
            return changed
        last = page[-1][0]
