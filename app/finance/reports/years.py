"""The figures that several reports share: income and costs of a span, of the same months a year before, and the
budget. Ledger and imported figures are added: what is imported is what the accounting package booked itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from flask_babel import gettext as _

from app.finance.figures import queries as figures
from app.finance.figures.models import FigureKind
from app.finance.periods import Span
from app.finance.reports.shape import Asked
from app.ledger.models import AccountKind
from app.ledger.results import results
from app.ledger.rj import COST_LINES, INCOME_LINES, RjLine
from app.programmes.queries import all_programmes

Cell = tuple[RjLine, int | None]  # a line and a programme, or none


@dataclass(slots=True)
class Year:
    """Cents of one span: income by line and programme, costs by line and programme."""

    income: dict[Cell, int] = field(default_factory=lambda: defaultdict(int))
    costs: dict[Cell, int] = field(default_factory=lambda: defaultdict(int))
    booked_costs: int = 0  # of the costs: booked here, not imported
    financial: int = 0
    cost_months: list[date] = field(default_factory=list)  # of which costs were imported

    @property
    def has_costs(self) -> bool:
        """Whether costs were imported. What is booked here alone is no cost of the organisation."""
        return bool(self.cost_months)

    @property
    def is_used(self) -> bool:
        return any((*self.income.values(), *self.costs.values(), self.financial))

    def of(self, line: RjLine) -> int:
        """Cents on a line of income or of costs."""
        return sum(cents for (own, _), cents in (*self.income.items(), *self.costs.items()) if own is line)

    def spent(self, programmes: Iterable[int | None]) -> int:
        """Spent on objectives for these programmes."""
        return sum(self.costs.get((RjLine.OBJECTIVES, programme), 0) for programme in programmes)

    @property
    def raised(self) -> int:
        """Lines 1 to 6: *som van de geworven baten*."""
        return sum(cents for (line, _), cents in self.income.items() if line.is_raised)

    @property
    def total(self) -> int:
        """*Som van de baten*."""
        return sum(self.income.values())

    @property
    def total_costs(self) -> int:
        """*Som van de lasten*."""
        return sum(self.costs.values())

    @property
    def result(self) -> int:
        """*Saldo van baten en lasten*, financial income and expense included."""
        return self.total - self.total_costs + self.financial


@dataclass(frozen=True, slots=True)
class Years:
    now: Year
    before: Year
    budget: Year | None


def years(span: Span) -> Years:
    """The span and the same months a year before. One statement over the ledger, whatever it holds."""
    now, then, before = Year(), Year(), span.before
    for found in results(span.start, span.end, (before.start, before.end)):
        for year, cents in ((now, found.cents), (then, found.before)):
            if found.kind is AccountKind.INCOME:
                year.income[income_line(found.rj_line), found.programme_id] += cents
            else:
                line = found.rj_line if found.rj_line in COST_LINES else RjLine.OBJECTIVES
                year.costs[line, found.programme_id] += cents
                year.booked_costs += cents
    _add_imported(now, FigureKind.COST, span)
    _add_imported(then, FigureKind.COST, before)
    budget = Year()
    _add_imported(budget, FigureKind.BUDGET, span)
    return Years(now, then, budget if budget.cost_months else None)


def _add_imported(year: Year, kind: FigureKind, span: Span) -> None:
    year.cost_months = figures.months(kind, span.start, span.end)
    for found in figures.sums(kind, span.start, span.end) if year.cost_months else ():
        if found.rj_line is RjLine.FINANCIAL:
            year.financial += found.cents
        else:
            to = year.costs if found.rj_line in COST_LINES else year.income
            to[found.rj_line, found.programme_id] += found.cents


def income_line(line: RjLine | None) -> RjLine:
    """Income of no line of its own is other income."""
    return line if line in INCOME_LINES else RjLine.OTHER_INCOME


@dataclass(frozen=True, slots=True)
class Goals:
    """The goals of RJ 650 by name, each with the programmes whose costs are counted under it."""

    by_name: dict[str, list[int | None]]

    def of(self, shown: Iterable[Year]) -> list[tuple[str, list[int | None]]]:
        """Those with anything spent on them; what is spent for no programme comes last."""
        used = {purpose for year in shown for (line, purpose), cents in year.costs.items() if cents
                and line is RjLine.OBJECTIVES}  # fmt: skip
        return [(name, ids) for name, ids in self.by_name.items() if used.intersection(ids)]


def goals(language: str) -> Goals:
    by_name: dict[str, list[int | None]] = {}
    for programme in all_programmes():
        by_name.setdefault(programme.rj_goal or programme.name(language), []).append(programme.id)
    by_name[_("For no single programme")] = [None]
    return Goals(by_name)


def only_income(asked: Asked, now: Year) -> list[str]:
    """What to say where costs are not there, or not of every month."""
    if not now.has_costs:
        return [_("Costs of this period were not imported yet, so this report shows income only.")]
    lacking = len(asked.span.months) - len(now.cost_months)
    if lacking:
        return [_("Costs are there of %(there)s of the %(months)s months; the others show income only.",
                  there=len(now.cost_months), months=len(asked.span.months))]  # fmt: skip
    return []
