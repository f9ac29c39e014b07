"""Ratio figures, each with its definition beside it (DOMAIN.md 5.1, PRODUCT.md metrics)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext as _

from app.base.states import N_
from app.finance.reports.shape import Asked, Bars, Report, Row, Table
from app.finance.reports.years import Year, only_income, years
from app.ledger.rj import RjLine
from app.sheets.columns import Column, Kind

_R = RjLine
Part = Callable[[Year], int]


@dataclass(frozen=True, slots=True)
class Ratio:
    label: str
    definition: str
    part: Part
    whole: Part
    costs: bool  # whether it means anything without costs

    def of(self, year: Year | None) -> float | None:
        """A fraction; None where there is nothing to divide by, or no costs to divide."""
        if year is None or (self.costs and not year.has_costs) or (whole := self.whole(year)) <= 0:
            return None
        return self.part(year) / whole


def _one(line: RjLine) -> Part:
    return lambda year: year.of(line)


RATIOS = (
    Ratio(N_("Spent on objectives, of income"), N_("Spent on objectives ÷ sum of income."),
          _one(_R.OBJECTIVES), lambda year: year.total, True),
    Ratio(N_("Spent on objectives, of costs"), N_("Spent on objectives ÷ sum of costs."),
          _one(_R.OBJECTIVES), lambda year: year.total_costs, True),
    Ratio(N_("Cost of raising"), N_("Costs of raising funds ÷ sum of income raised (lines 1 to 6)."),
          _one(_R.RAISING_COSTS), lambda year: year.raised, True),
    Ratio(N_("Management, of costs"), N_("Management and administration ÷ sum of costs."),
          _one(_R.MANAGEMENT), lambda year: year.total_costs, True),
    Ratio(N_("Raised, of income"), N_("Sum of income raised (lines 1 to 6) ÷ sum of income."),
          lambda year: year.raised, lambda year: year.total, False),
    Ratio(N_("From individuals, of income raised"), N_("Line 1 of RJ 650 ÷ sum of income raised."),
          _one(_R.INDIVIDUALS), lambda year: year.raised, False),
    Ratio(N_("From governments, of income"), N_("Line 4 of RJ 650 ÷ sum of income."),
          _one(_R.GOVERNMENT), lambda year: year.total, False),
)  # fmt: skip


def ratios(asked: Asked) -> Report:
    found = years(asked.span)
    shown = [found.now, *([found.budget] if found.budget else []), found.before]
    title = _("Ratio figures")
    columns = [
        Column(_("Ratio"), width=34),
        Column(_("Its definition"), width=56),
        Column(asked.period, Kind.PERCENT),
        *([Column(_("Budget"), Kind.PERCENT)] if found.budget else []),
        Column(_("A year before"), Kind.PERCENT),
    ]
    link = ("finance.report", {"name": "statement", **asked.span.query})
    rows = [Row((_(each.label), _(each.definition), *(each.of(y) for y in shown)), link=link) for each in RATIOS]
    now = [(_(each.label), share) for each in RATIOS if (share := each.of(found.now)) is not None]
    used = any(year.is_used for year in shown)
    return Report(
        title,
        asked.period,
        charts=[Bars(_("Shares in %(period)s", period=asked.period), now, kind="percent")] if now else [],
        tables=[Table(title, columns, rows if used else [])],
        said=[
            _("A dash stands where costs are lacking or there is nothing to divide by."),
            _("Income on receipt or when recognised, refunds and chargebacks out, by the booking date in the ledger."),
        ],
        missing=only_income(asked, found.now),
    )
