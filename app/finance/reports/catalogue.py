"""The reports there are, by the name they have in addresses."""

from __future__ import annotations

from app.base.states import N_
from app.finance.anbi.report import anbi
from app.finance.reports.concentration import concentration
from app.finance.reports.funds import funds
from app.finance.reports.purposes import purposes
from app.finance.reports.ratios import ratios
from app.finance.reports.recurring import recurring
from app.finance.reports.shape import Kept
from app.finance.reports.statement import statement

REPORTS: dict[str, Kept] = {
    "statement": Kept(
        N_("Statement of income and expenditure"),
        N_("What came in by origin and what was spent on what, after RJ 650, beside last year."),
        statement,
    ),
    "programmes": Kept(
        N_("Income by programme and grant"),
        N_("What came in for each programme and from which grants; with costs, what each programme comes to."),
        purposes,
    ),
    "funds": Kept(
        N_("Restricted funds"),
        N_("What each restricted fund began with, what was added, spent and left, beside what grants have unspent."),
        funds,
    ),
    "ratios": Kept(
        N_("Ratio figures"),
        N_("How much goes to the objectives and what raising costs, each with its definition."),
        ratios,
    ),
    "recurring": Kept(
        N_("Forecast of recurring gifts"),
        N_("What recurring gifts will bring in the twelve months to come, planned and expected."),
        recurring,
        by_period=False,
    ),
    "concentration": Kept(
        N_("Dependence on large givers"),
        N_("What share of all income the largest one, five and ten givers bring."),
        concentration,
    ),
    "anbi": Kept(
        N_("ANBI publication"),
        N_("What is published of a fiscal year, or would be, by the lines of the standard form."),
        anbi,
    ),
}
