"""Income and costs from the sums: what reports are made of. Their cost grows with cells, not with lines.

What asks for no grant reads the totals; what asks for grants reads only the cells that have one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, case, func, literal, or_, select, union_all

from app.extensions import db
from app.ledger import sums
from app.ledger.models import Account, AccountKind
from app.ledger.rj import RjLine

Months = tuple[date, date]  # first days of months, the second not included
_RESULT = (AccountKind.INCOME, AccountKind.COST)


@dataclass(frozen=True, slots=True)
class Result:
    """Cents on one line and programme in a span of months, all grants together. Income above zero is income, costs
    above zero are costs. `rj_line` is None where neither the line nor its account names one."""

    kind: AccountKind
    rj_line: RjLine | None
    programme_id: int | None
    cents: int
    before: int  # the same of the other span, see `results`


def results(start: date, end: date, before: Months | None = None) -> list[Result]:
    """Of the months that begin in [start, end), beside those of `before`. One statement."""
    rows = _summed(sums.coarse_tables(), ("rj_line", "programme_id"), _RESULT, (start, end), before)
    return [Result(kind, line, programme_id, now, then) for kind, line, programme_id, now, then in rows]


@dataclass(frozen=True, slots=True)
class Granted:
    """Cents of one grant for one programme, as `Result` has them."""

    kind: AccountKind
    programme_id: int | None
    grant_id: int
    cents: int
    before: int


def granted(
    start: date, end: date, before: Months | None = None, kinds: Sequence[AccountKind] = (AccountKind.INCOME,)
) -> list[Granted]:
    """Of every grant with anything on it in these months. One statement."""
    rows = _summed(sums.tables(), ("programme_id", "grant_id"), kinds, (start, end), before, of_grants=True)
    return [Granted(kind, programme_id, grant_id, now, then) for kind, programme_id, grant_id, now, then in rows]


def _summed(
    tables: Iterable[Table], keys: Sequence[str], kinds: Sequence[AccountKind], now: Months, before: Months | None,
    *, of_grants: bool = False,
) -> Iterator[tuple[Any, ...]]:  # fmt: skip
    """(kind, *keys, cents now, cents before). Each table is summed by itself, and what comes of it once more with the
    others: with all rows of both in one heap SQLite took twice as long."""
    wanted = select(Account.id).where(Account.kind.in_(kinds))
    parts = []
    for table in tables:
        cell = table.c
        spans = [(cell.month >= span[0]) & (cell.month < span[1]) for span in (now, before) if span]
        cents = [func.sum(case((span, cell.debit_cents - cell.credit_cents), else_=0)) for span in spans]
        own = [cell[name] for name in ("account_id", *keys)]
        part = select(*own, cents[0].label("now"), (cents[1] if before else literal(0)).label("then"))
        part = part.where(or_(*spans), cell.account_id.in_(wanted)).group_by(*own)
        parts.append(part.where(cell.grant_id.is_not(None)) if of_grants else part)
    cells = union_all(*parts).subquery()
    by = (Account.kind, *(cells.c[name] for name in keys))
    rows = db.session.execute(
        select(*by, func.sum(cells.c.now), func.sum(cells.c.then))
        .join(Account, Account.id == cells.c.account_id)
        .group_by(*by)
    )
    for *key, cents_now, cents_then in rows:
        sign = 1 if key[0] is AccountKind.COST else -1
        yield *key, sign * int(cents_now), sign * int(cents_then)


@dataclass(frozen=True, slots=True)
class Moved:
    """What stood on an equity account before a span of months, what came to it in that span and what was taken off;
    credit above zero."""

    code: str
    programme_id: int | None
    opening: int
    added: int
    taken: int

    @property
    def closing(self) -> int:
        return self.opening + self.added - self.taken


def equity(start: date, end: date) -> list[Moved]:
    """Capital, reserves and funds by account and programme, to the month that begins on `end` (not included)."""
    both = sums.coarse().subquery()
    inside = both.c.month >= start
    rows = db.session.execute(
        select(
            Account.code,
            both.c.programme_id,
            func.coalesce(func.sum(case((~inside, both.c.credit_cents - both.c.debit_cents))), 0),
            func.coalesce(func.sum(case((inside, both.c.credit_cents))), 0),
            func.coalesce(func.sum(case((inside, both.c.debit_cents))), 0),
        )
        .join(Account, Account.id == both.c.account_id)
        .where(Account.kind == AccountKind.EQUITY, both.c.month < end)
        .group_by(Account.code, both.c.programme_id)
        .order_by(Account.code)
    )
    return [Moved(code, programme_id, *map(int, amounts)) for code, programme_id, *amounts in rows]
