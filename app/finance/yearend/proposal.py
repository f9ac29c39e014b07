"""What the result of a year is, and how it would go to funds and reserves. Cents; income and additions above zero."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, or_, select

from app.extensions import db
from app.finance.figures import queries as figures
from app.finance.figures.models import FigureKind
from app.finance.periods import FiscalYear
from app.ledger import sums
from app.ledger.accounts import EARMARKED, RESTRICTED
from app.ledger.models import Account, AccountKind
from app.ledger.rj import RjLine
from app.programmes.queries import all_funds


@dataclass(frozen=True, slots=True)
class Part:
    """One programme's year. `before` stands on its fund now; `proposed` is the result, or what empties the fund
    where more was spent than stood on it."""

    programme_id: int
    account: str  # of its fund
    income: int
    spent: int
    before: int

    @property
    def result(self) -> int:
        return self.income - self.spent

    @property
    def proposed(self) -> int:
        return max(self.result, -max(self.before, 0))


@dataclass(frozen=True, slots=True)
class Proposal:
    """`free` is the result without a programme; `missing` the months of which no costs were taken in."""

    year: FiscalYear
    parts: list[Part]
    free: int
    missing: list[date]

    @property
    def result(self) -> int:
        return self.free + sum(part.result for part in self.parts)

    @property
    def to_reserve(self) -> int:
        """What the proposal leaves for the general reserve."""
        return self.result - sum(part.proposed for part in self.parts)


def propose(year: FiscalYear) -> Proposal:
    """From the journal (income, sub-grants, fees) and the costs of the accounting package, in three statements."""
    income: dict[int | None, int] = defaultdict(int)
    spent: dict[int | None, int] = defaultdict(int)
    before: dict[int | None, int] = defaultdict(int)
    both = sums.both().subquery()
    in_the_year = and_(both.c.month >= year.start, both.c.month < year.end)
    keys = (both.c.programme_id, Account.kind, Account.code, in_the_year)
    rows = db.session.execute(
        select(*keys, func.sum(both.c.credit_cents - both.c.debit_cents))
        .join(Account, Account.id == both.c.account_id)
        .where(or_(in_the_year, Account.code.in_((RESTRICTED, EARMARKED))))
        .group_by(*keys)
    )
    for programme_id, kind, code, in_year, cents in rows:
        if kind is AccountKind.INCOME and in_year:
            income[programme_id] += int(cents)
        elif kind is AccountKind.COST and in_year:
            spent[programme_id] -= int(cents)
        elif code in (RESTRICTED, EARMARKED):
            before[programme_id] += int(cents)
    for each in figures.sums(FigureKind.COST, year.start, year.end):
        if each.rj_line is RjLine.FINANCIAL:
            income[each.programme_id] += each.cents
        else:
            spent[each.programme_id] += each.cents
    by_board = {fund.programme_id for fund in all_funds() if fund.active and not fund.restricted}
    by_others = {fund.programme_id for fund in all_funds() if fund.active and fund.restricted}
    parts = [
        Part(
            programme_id, EARMARKED if programme_id in by_board - by_others else RESTRICTED,
            income[programme_id], spent[programme_id], before[programme_id],
        )
        for programme_id in sorted({*income, *spent, *before} - {None}, key=lambda each: each or 0)
        if programme_id is not None and (income[programme_id] or spent[programme_id] or before[programme_id])
    ]  # fmt: skip
    there = set(figures.months(FigureKind.COST, year.start, year.end))
    return Proposal(year, parts, income[None] - spent[None], [month for month in year.months if month not in there])
