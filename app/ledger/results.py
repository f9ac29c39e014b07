"""Income and costs from the sums: what reports are made of. Their cost grows with cells, not with lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, literal, select

from app.extensions import db
from app.ledger import sums
from app.ledger.models import Account, AccountKind
from app.ledger.rj import RjLine


@dataclass(frozen=True, slots=True)
class Result:
    """Cents on one line, programme and grant in a span of months. Income above zero is income, costs above
    zero are costs. `rj_line` is None where neither the line nor its account names one."""

    kind: AccountKind
    rj_line: RjLine | None
    programme_id: int | None
    grant_id: int | None
    cents: int
    before: int  # the same of the other span, see `results`


def results(start: date, end: date, before: tuple[date, date] | None = None, *, by_grant: bool = False) -> list[Result]:
    """Of the months that begin in [start, end), beside those of `before`. One statement.

    Without `by_grant` all grants of a programme are one.
    """
    both = (sums.both() if by_grant else sums.coarse()).subquery()
    cents = case((Account.kind == AccountKind.COST, 1), else_=-1) * (both.c.debit_cents - both.c.credit_cents)
    now = (both.c.month >= start) & (both.c.month < end)
    then = (both.c.month >= before[0]) & (both.c.month < before[1]) if before else None
    keys = (Account.kind, both.c.rj_line, both.c.programme_id, *((both.c.grant_id,) if by_grant else ()))
    rows = db.session.execute(
        select(
            *keys,
            func.coalesce(func.sum(case((now, cents))), 0),
            literal(0) if then is None else func.coalesce(func.sum(case((then, cents))), 0),
        )
        .join(Account, Account.id == both.c.account_id)
        .where(Account.kind.in_((AccountKind.INCOME, AccountKind.COST)), now if then is None else now | then)
        .group_by(*keys)
    )
    found = []
    for kind, rj_line, programme_id, *rest in rows:
        grant_id, amount, earlier = rest if by_grant else (None, *rest)
        found.append(Result(kind, rj_line, programme_id, grant_id, int(amount), int(earlier)))
    return found


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
