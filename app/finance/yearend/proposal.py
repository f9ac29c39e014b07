"""What the result of a year is, and how it would go to funds and reserves. Cents; income and additions above zero."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select

from app.extensions import db
from app.finance.figures import queries as figures
from app.finance.figures.models import FigureKind
from app.finance.funds.accounts import fund_codes
from app.finance.funds.ties import Ties, ties
from app.finance.periods import FiscalYear
from app.grants.recognition.sources import costs
from app.grants.restricted.queries import FREE, Purpose, Tie
from app.ledger import sums
from app.ledger.accounts import EARMARKED, RESTRICTED
from app.ledger.models import Account, AccountKind
from app.ledger.results import granted, results
from app.ledger.rj import RjLine
from app.programmes.models import Fund
from app.programmes.queries import programme_names

Cents = dict[Purpose, int]


@dataclass(frozen=True, slots=True)
class Part:
    """A fund's year, or that of a programme as far as it is in no fund. `before` stands on it now, `at_end` stood on it
    at the end of that year; `proposed` is the result, or what empties it where more was spent than stands on it."""

    programme_id: int | None
    fund: Fund | None
    account: str  # without a fund of its own: of the programme's money
    income: int
    spent: int
    before: int
    at_end: int

    @property
    def key(self) -> str:
        """What names it in forms and in what was decided."""
        return f"f{self.fund.id}" if self.fund else f"p{self.programme_id}"

    @property
    def by_board(self) -> bool:
        return not self.fund.restricted if self.fund else self.account == EARMARKED

    @property
    def result(self) -> int:
        return self.income - self.spent

    @property
    def proposed(self) -> int:
        return max(self.result, -max(self.before, 0))

    def gross(self, moved: int) -> tuple[int, int]:
        """What comes to the fund and what is spent out of it, where in all `moved` is added."""
        added = max(self.income, moved, 0)
        return added, added - moved


@dataclass(frozen=True, slots=True)
class Proposal:
    """`free` is the result that is tied to nothing; `missing` the months of which no costs were taken in."""

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
    """From the journal (income, sub-grants, fees) and the costs of the accounting package: some statements, whatever
    they hold."""
    tied, codes = ties(), fund_codes()
    income, spent = _journal(year, tied)
    before, at_end = _on_funds(year, codes)
    for each in figures.sums(FigureKind.COST, year.start, year.end):
        to = income if each.rj_line is RjLine.FINANCIAL else spent
        to[tied.place(each.programme_id)] += each.cents
    _to_funds(year, tied, spent)
    parts = [
        _part(purpose, tied, income[purpose], spent[purpose], (before[purpose], at_end[purpose]))
        for purpose in sorted({*income, *spent, *before, *at_end} - {FREE}, key=lambda each: (each[1], each[0]))
        if income[purpose] or spent[purpose] or before[purpose] or at_end[purpose]
    ]
    there = set(figures.months(FigureKind.COST, year.start, year.end))
    return Proposal(year, parts, income[FREE] - spent[FREE], [month for month in year.months if month not in there])


def part_names(parts: Iterable[Part], language: str) -> dict[str, str]:
    """What each part is called, by its key."""
    programmes = programme_names(language)
    return {
        part.key: part.fund.name(language) if part.fund else programmes.get(part.programme_id or 0, "–")
        for part in parts
    }


def _part(purpose: Purpose, tied: Ties, income: int, spent: int, stands: tuple[int, int]) -> Part:
    tie, row_id = purpose
    if tie is Tie.FUND:
        fund = tied.funds[row_id]
        return Part(fund.programme_id, fund, "", income, spent, *stands)
    active = [fund for fund in tied.funds.values() if fund.active and fund.programme_id == row_id]
    account = EARMARKED if active and not any(fund.restricted for fund in active) else RESTRICTED
    return Part(row_id, None, account, income, spent, *stands)


def _journal(year: FiscalYear, tied: Ties) -> tuple[Cents, Cents]:
    """Income and costs of the year."""
    income: Cents = defaultdict(int)
    spent: Cents = defaultdict(int)
    rest: dict[tuple[AccountKind, int | None], int] = defaultdict(int)  # of no grant
    for each in results(year.start, year.end):
        rest[each.kind, each.programme_id] += each.cents
    for of in granted(year.start, year.end, kinds=(AccountKind.INCOME, AccountKind.COST)):
        rest[of.kind, of.programme_id] -= of.cents
        to = income if of.kind is AccountKind.INCOME else spent
        for purpose, part in tied.split(of.cents, of.programme_id, of.grant_id):
            to[purpose] += part
    for (kind, programme_id), cents in rest.items():
        (income if kind is AccountKind.INCOME else spent)[tied.place(programme_id)] += cents
    return income, spent


def _on_funds(year: FiscalYear, codes: dict[str, Fund]) -> tuple[Cents, Cents]:
    """What stands on funds now, and what stood there at the end of the year."""
    before: Cents = defaultdict(int)
    at_end: Cents = defaultdict(int)
    cells = sums.coarse().subquery()
    credit = cells.c.credit_cents - cells.c.debit_cents
    rows = db.session.execute(
        select(
            Account.code, cells.c.programme_id, func.sum(credit),
            func.sum(case((cells.c.month < year.end, credit), else_=0)),
        )
        .join(Account, Account.id == cells.c.account_id)
        .where(Account.code.in_([RESTRICTED, EARMARKED, *codes]))
        .group_by(Account.code, cells.c.programme_id)
    )  # fmt: skip
    for code, programme_id, stands, stood in rows:
        fund = codes.get(code)
        if fund is None and programme_id is None:
            continue
        purpose = (Tie.FUND, fund.id) if fund else (Tie.PROGRAMME, programme_id)
        before[purpose] += int(stands)
        at_end[purpose] += int(stood)
    return before, at_end


def _to_funds(year: FiscalYear, tied: Ties, spent: Cents) -> None:
    """The accounting package says for which programme costs are, not for which of its funds. Where a programme has
    several, what was charged to the grants of each is theirs, as far as there are costs; the rest stays with the
    programme."""
    shared = {fund_id: programme for programme, ids in tied.shared().items() for fund_id in ids}
    charged: dict[int, int] = defaultdict(int)
    theirs = [g for g, weights in tied.grants.items() if any(t is Tie.FUND and i in shared for t, i in weights)]
    for grant_id, months in costs(theirs).items() if theirs else ():
        cents = sum(c for month, c in months.items() if year.start <= month < year.end)
        for (tie, row_id), part in tied.split(cents, None, grant_id):
            if tie is Tie.FUND and row_id in shared:
                charged[row_id] += part
    for fund_id, cents in sorted(charged.items()):
        programme = (Tie.PROGRAMME, shared[fund_id])
        taken = min(max(cents, 0), max(spent[programme], 0))
        spent[Tie.FUND, fund_id] += taken
        spent[programme] -= taken
