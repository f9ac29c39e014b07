"""The lines of the standard form: what is told in words, the balance, and income and costs. Amounts are cents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.base.states import N_
from app.ledger.rj import COST_LINES, INCOME_LINES, RjLine

THRESHOLD_CENTS = 50_000_00  # income above which a fundraising ANBI must use the form (DOMAIN.md 4.1)


@dataclass(frozen=True, slots=True)
class Told:
    """Something said in words. `both`: in Dutch and English; `needed`: not published without it (in Dutch)."""

    name: str
    label: str
    hint: str = ""
    both: bool = True
    needed: bool = False
    long: bool = True
    link: bool = False


TOLD: tuple[Told, ...] = (
    Told("purpose", N_("Objective"), N_("As in the articles."), needed=True),
    Told("work", N_("What we do"), N_("The policy plan in outline: what you do, when, and how it helps."), needed=True),
    Told("raising", N_("How we raise money"), needed=True),
    Told("spending", N_("How we spend it"), N_("In which ways and on which goals."), needed=True),
    Told("wealth", N_("How we keep what we have"), N_("For example on savings accounts; whether you invest, and how.")),
    Told("policy_url", N_("Policy plan"), N_("Its address on the internet."), both=False, long=False, link=True),
    Told("board", N_("Board members"), N_("Name and function, one on each line."), both=False, needed=True),
    Told("remuneration", N_("Remuneration policy"), N_("Of the board, the management and the staff."), needed=True),
    Told("staff_count", N_("Staff"), N_("Average number, in full-time equivalents."), both=False, long=False),
    Told("volunteer_count", N_("Volunteers"), both=False, long=False),
    Told("activities", N_("Report of activities"), N_("What you did this year."), needed=True),
    Told("report_url", N_("Report of the year"), N_("Its address on the internet."), both=False, long=False, link=True),
    Told("note_balance", N_("Note to the balance sheet")),
    Told("note_statement", N_("Note to the statement of income and expenditure")),
    Told("accounts_url", N_("Annual accounts"), N_("Its address on the internet."), both=False, long=False, link=True),
)  # fmt: skip
NOTES = ("note_balance", "note_statement", "accounts_url")  # these stand beside the figures

ASSETS: dict[str, str] = {
    "intangible": N_("Intangible fixed assets"),
    "tangible": N_("Tangible fixed assets"),
    "financial_assets": N_("Financial fixed assets"),
    "stocks": N_("Stocks"),
    "receivables": N_("Receivables and accruals"),
    "securities": N_("Securities"),
    "cash": N_("Cash and bank"),
}
LIABILITIES: dict[str, str] = {
    "continuity": N_("Continuity reserve"),
    "earmarked": N_("Earmarked reserves"),
    "revaluation": N_("Revaluation reserve"),
    "other_reserves": N_("Other reserves"),
    "funds": N_("Restricted funds"),
    "provisions": N_("Provisions"),
    "long_debts": N_("Long-term debts"),
    "short_debts": N_("Short-term debts and accruals"),
}
COSTS: tuple[RjLine, ...] = (*COST_LINES, RjLine.FINANCIAL)
STATEMENT: tuple[RjLine, ...] = (*INCOME_LINES, *COSTS)
# Every line and what it is called here, after RJ 650. The form of the tax office was not seen: each can be given the
# name that the form has, in Dutch and English (`name_cash_nl`).
LINES: dict[str, str] = {**ASSETS, **LIABILITIES, **{line.value: line.label for line in STATEMENT}}
LONGEST_NAME = 100


def name_fields(line: str) -> tuple[str, str]:
    """Under what a line's own names are kept, Dutch and English."""
    return f"name_{line}_nl", f"name_{line}_en"


@dataclass(frozen=True, slots=True)
class Amounts:
    """Cents by line; a line that is not there is not known."""

    cents: Mapping[str, int]

    def get(self, line: str) -> int | None:
        return self.cents.get(line)

    def total(self, lines: Mapping[str, str]) -> int | None:
        """The sum of a side of the balance; None where nothing of it is known."""
        known = [self.cents[line] for line in lines if line in self.cents]
        return sum(known) if known else None

    @property
    def raised(self) -> int:
        return sum(self.cents.get(line.value, 0) for line in INCOME_LINES if line.is_raised)

    @property
    def income(self) -> int:
        return sum(self.cents.get(line.value, 0) for line in INCOME_LINES)

    @property
    def has_costs(self) -> bool:
        """Whether all lines of costs are known: without one of them no sum of them is right."""
        return all(line.value in self.cents for line in COSTS)

    @property
    def spent(self) -> int:
        return sum(self.cents[line.value] for line in COST_LINES)

    @property
    def before_financial(self) -> int:
        return self.income - self.spent

    @property
    def result(self) -> int:
        return self.before_financial + self.cents[RjLine.FINANCIAL.value]
