"""The lines of RJ 650, the Dutch reporting guideline for fundraising charities (DOMAIN.md 5.1).

Income is classed by the origin of the money, not by its channel: a company's gift is line 2,
a private fund line 6, a lottery line 3, a municipality line 4.
"""

from __future__ import annotations

from app.base.states import N_, Labelled


class RjLine(Labelled):
    INDIVIDUALS = "individuals", N_("Individuals")
    COMPANIES = "companies", N_("Companies")
    LOTTERIES = "lotteries", N_("Lottery organisations")
    GOVERNMENT = "government", N_("Government subsidies")
    AFFILIATED = "affiliated", N_("Affiliated non-profit organisations")
    NON_PROFITS = "non_profits", N_("Other non-profit organisations")
    GOODS_SERVICES = "goods_services", N_("In return for goods or services")
    OTHER_INCOME = "other_income", N_("Other income")
    OBJECTIVES = "objectives", N_("Spent on objectives")
    RAISING_COSTS = "raising_costs", N_("Costs of raising funds")
    MANAGEMENT = "management", N_("Management and administration")
    FINANCIAL = "financial", N_("Financial income and expense")

    @property
    def number(self) -> int | None:
        """The place of an income line in RJ 650, 1 to 8; None for another line."""
        return INCOME_LINES.index(self) + 1 if self in INCOME_LINES else None

    @property
    def is_raised(self) -> bool:
        """Lines 1 to 6 are raised income, *som van de geworven baten*."""
        return self in RAISED_LINES


INCOME_LINES = (
    RjLine.INDIVIDUALS,
    RjLine.COMPANIES,
    RjLine.LOTTERIES,
    RjLine.GOVERNMENT,
    RjLine.AFFILIATED,
    RjLine.NON_PROFITS,
    RjLine.GOODS_SERVICES,
    RjLine.OTHER_INCOME,
)
RAISED_LINES = INCOME_LINES[:6]
COST_LINES = (RjLine.OBJECTIVES, RjLine.RAISING_COSTS, RjLine.MANAGEMENT)  # FINANCIAL stands below both: a balance
