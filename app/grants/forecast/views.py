"""The forecast and the win rate: figures with their definitions, a table behind each chart."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from app.base.dates import local_date, short_month
from app.base.states import N_
from app.extensions import now
from app.grants.applications.models import Application
from app.grants.applications.queries import line_of
from app.grants.applications.queries import weighted as by_chance
from app.grants.blueprint import bp
from app.grants.choices import programme_pairs
from app.grants.forecast import queries
from app.grants.pages import tabs
from app.grants.queries import expected_income
from app.ui import lists
from app.ui.permissions import Permission, requires

SORTS = {"weighted": lists.Sort(N_("Weighted"), (lists.desc(by_chance()),))}


@bp.get("/grants/forecast")
@requires(Permission.GRANTS_READ)
def forecast() -> ResponseReturnValue:
    """What the pipeline may bring: by stage, by month, and who expects something else and why."""
    today, programme = local_date(now()), lists.row_id("programme")
    stages = queries.by_stage(programme_id=programme)
    months = expected_income(today)
    page = lists.page(queries.with_own_chance(), SORTS, key=Application.id, default="weighted", size=25)
    language = str(get_locale())
    return render_template(
        "grants/forecast.html",
        tabs=tabs(),
        programmes=programme_pairs()[1:],
        programme=programme,
        stages=stages,
        count=sum(each.count for each in stages),
        ask=sum(each.ask_cents for each in stages),
        expected=sum(each.expected_cents for each in stages),
        weighted=sum(each.weighted_cents for each in stages),
        labels=[short_month(each.month.month, language) for each in months],
        agreed=[each.agreed_cents for each in months],
        by_month=[each.weighted_cents for each in months],
        page=page,
        rows=[(line_of(row), row[16]) for row in page.rows],
    )


@bp.get("/grants/win-rate")
@requires(Permission.GRANTS_READ)
def win_rate() -> ResponseReturnValue:
    """Of what was decided, how much we won: by number and by amount, new and renewal apart."""
    year = local_date(now()).year
    rates = queries.win_rates(year)
    new, renewed = [r for r in rates if not r.renewal], [r for r in rates if r.renewal]
    return render_template("grants/win_rate.html", tabs=tabs(), year=year, new=new, renewed=renewed, rates=rates)
