"""Income by RJ 650 line and month."""

from __future__ import annotations

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from app.base.dates import local_date, month_end
from app.extensions import now
from app.finance.income import income_year
from app.finance.periods import FIRST, LAST, FiscalYear, fiscal_year, fiscal_year_of
from app.finance.views import bp
from app.ledger import queries
from app.organisation.queries import profile
from app.ui.permissions import Permission, requires


@bp.get("/finance")
@requires(Permission.FINANCE_READ)
def index() -> ResponseReturnValue:
    first_month = profile().fiscal_year_start
    this_year = fiscal_year_of(local_date(now()), first_month)
    shown = chosen_year(this_year)
    span = queries.booked_months()
    first = fiscal_year_of(span[0], first_month).year if span else this_year.year
    last = fiscal_year_of(span[1], first_month).year if span else this_year.year
    years = range(max(last, this_year.year, shown.year), min(first, this_year.year, shown.year) - 1, -1)
    return render_template(
        "finance/income.html", income=income_year(shown), years=years, shown=shown, last_day=month_end(shown.months[-1])
    )


def chosen_year(this_year: FiscalYear) -> FiscalYear:
    """The fiscal year named in the address, else this one; 400 where it is no year."""
    text = request.args.get("year", "")
    if not text:
        return this_year
    if not (text.isascii() and text.isdigit() and len(text) == 4 and FIRST.year < int(text) < LAST.year):
        abort(400)
    return fiscal_year(int(text), this_year.start.month)
