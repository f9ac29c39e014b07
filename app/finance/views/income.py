"""Income by RJ 650 line and month."""

from __future__ import annotations

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.dates import local_date, month_end, month_name
from app.extensions import now
from app.finance.income import income_year
from app.finance.periods import FIRST, LAST, QUARTERS, FiscalYear, Span, fiscal_year, fiscal_year_of, span_of
from app.finance.views import bp
from app.ledger import queries
from app.organisation.queries import profile
from app.ui.languages import language
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


def chosen_span(year: FiscalYear) -> Span:
    """`month=2026-03` or `month=q2` from the address, else the whole year; 400 where it is neither."""
    try:
        return span_of(year, request.args.get("month", ""))
    except ValueError:
        abort(400)


def part_options(year: FiscalYear) -> list[tuple[str, str]]:
    """The quarters and months of a year, to choose from."""
    quarters = [(part, _("Quarter %(number)s", number=part[1])) for part in QUARTERS]
    return quarters + [(f"{m:%Y-%m}", f"{month_name(m.month, language())} {m.year}") for m in year.months]


def part_name(span: Span) -> str:
    """What a span is called: "2026", "2026, kwartaal 2", "maart 2026"."""
    name = dict(part_options(span.year)).get(span.part)
    if name is None:
        return str(span.year.year) if not span.part else span.part
    return f"{span.year.year}, {name.lower()}" if span.part in QUARTERS else name
