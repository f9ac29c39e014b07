"""Income by RJ 650 line and month, beside the year before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.finance.periods import FiscalYear
from app.ledger import queries
from app.ledger.rj import INCOME_LINES, RjLine


@dataclass(frozen=True, slots=True)
class LineYear:
    """One line's income in cents, by month, and of the year before."""

    line: RjLine
    months: tuple[int, ...]
    before: int

    @property
    def total(self) -> int:
        return sum(self.months)

    @property
    def change(self) -> float | None:
        """Growth against the year before as a fraction; None where there was nothing to grow from."""
        return (self.total - self.before) / self.before if self.before > 0 else None


@dataclass(frozen=True, slots=True)
class IncomeYear:
    year: FiscalYear
    months: list[date]
    lines: list[LineYear]  # all eight, in the order of RJ 650

    @property
    def used(self) -> list[LineYear]:
        """The lines with anything on them, this year or the year before."""
        return [line for line in self.lines if line.before or any(line.months)]

    @property
    def raised(self) -> int:
        """Sum of lines 1 to 6: *som van de geworven baten*."""
        return sum(line.total for line in self.lines if line.line.is_raised)

    @property
    def total(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def before(self) -> int:
        return sum(line.before for line in self.lines)

    @property
    def raised_before(self) -> int:
        return sum(line.before for line in self.lines if line.line.is_raised)

    @property
    def month_totals(self) -> list[int]:
        return [sum(line.months[index] for line in self.lines) for index in range(12)]

    @property
    def change(self) -> float | None:
        return (self.total - self.before) / self.before if self.before > 0 else None


def income_year(year: FiscalYear) -> IncomeYear:
    """The year and the one before, in one statement."""
    amounts: dict[tuple[RjLine, date], int] = {}
    before = dict.fromkeys(INCOME_LINES, 0)
    for found in queries.income_by_month(year.before.start, year.end):
        line = found.rj_line or RjLine.OTHER_INCOME
        if found.month < year.start:
            before[line] += found.cents
        else:
            amounts[line, found.month] = amounts.get((line, found.month), 0) + found.cents
    months = year.months
    lines = [LineYear(line, tuple(amounts.get((line, m), 0) for m in months), before[line]) for line in INCOME_LINES]
    return IncomeYear(year, months, lines)
