"""The reports there are, by the name they have in addresses."""

from __future__ import annotations

from app.base.states import N_
from app.finance.reports.shape import Kept
from app.finance.reports.statement import statement

REPORTS: dict[str, Kept] = {
    "statement": Kept(
        N_("Statement of income and expenditure"),
        N_("What came in by origin and what was spent on what, after RJ 650, beside last year."),
        statement,
    ),
}
