"""Staff pages of the ANBI publication: which years there are, one year to fill in and publish."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import DomainError
from app.extensions import now, writing
from app.finance.anbi import services
from app.finance.anbi.content import changed, content, deadline, draft, here, names_before, published, versions
from app.finance.anbi.forms import PublicationForm, VersionForm, publication_form
from app.finance.anbi.lines import ASSETS, LIABILITIES, NOTES, STATEMENT, THRESHOLD_CENTS
from app.finance.periods import FIRST, FiscalYear, fiscal_year, fiscal_year_of
from app.finance.views import bp
from app.ledger.queries import booked_months
from app.organisation.queries import profile
from app.staff.queries import by_ids
from app.ui.languages import language
from app.ui.permissions import Permission, requires

SHOWN = 6  # years


@bp.get("/finance/anbi")
@requires(Permission.FINANCE_READ)
def anbi_years() -> ResponseReturnValue:
    """The last years in which anything was booked, with what is published of each and until when it is in time."""
    this, rows, first_month = _this_year(), versions(), profile().fiscal_year_start
    booked = booked_months()
    first = fiscal_year_of(booked[0], first_month).year if booked else this - 1
    years = sorted(
        {*(row.year for row in rows), this - 1, *range(max(first, this - SHOWN + 1), this + 1)}, reverse=True
    )
    return render_template(
        "finance/anbi/index.html", today=local_date(now()), profile=profile(),
        years=[(y, deadline(fiscal_year(y, first_month)), [row for row in rows if row.year == y]) for y in years],
    )  # fmt: skip


@bp.get("/finance/anbi/<int:year>")
@requires(Permission.FINANCE_READ)
def anbi_year(year: int) -> ResponseReturnValue:
    """One year: what is lacking, the form of the draft, its versions."""
    return _page(_year(year))


@bp.post("/finance/anbi/<int:year>")
@requires(Permission.FINANCE_WRITE)
def anbi_save(year: int) -> ResponseReturnValue:
    """Keep the draft."""
    chosen = _year(year)
    form = publication_form(draft(year), names_before(year))
    if form.validate():
        try:
            with writing():
                services.save(
                    chosen, form.texts, form.cents, version=form.version.data or 0, actor=current_user.actor, now=now()
                )
        except DomainError as error:
            error.field = f"text_{error.field}" if error.field else error.field
            form.add_error(error)
        else:
            flash(_("The draft is saved."), "ok")
            return redirect(url_for("finance.anbi_year", year=year), 303)
    return _page(chosen, form)


@bp.post("/finance/anbi/<int:year>/publish")
@requires(Permission.FINANCE_WRITE)
def anbi_publish(year: int) -> ResponseReturnValue:
    """Show it to everybody."""
    chosen, form = _year(year), VersionForm()
    if form.validate():
        with writing():
            services.publish(chosen, version=form.version.data or 0, actor=current_user.actor, now=now())
        flash(_("The data of %(year)s are published.", year=year), "ok")
    return redirect(url_for("finance.anbi_year", year=year), 303)


@bp.post("/finance/anbi/<int:year>/revise")
@requires(Permission.FINANCE_WRITE)
def anbi_revise(year: int) -> ResponseReturnValue:
    """Begin a new version; the published one stays until the new one is."""
    with writing():
        services.revise(_year(year), actor=current_user.actor, now=now())
    return redirect(url_for("finance.anbi_year", year=year), 303)


def _this_year() -> int:
    return fiscal_year_of(local_date(now()), profile().fiscal_year_start).year


def _year(year: int) -> FiscalYear:
    if not FIRST.year <= year <= _this_year():
        abort(404)
    return fiscal_year(year, profile().fiscal_year_start)


def _page(year: FiscalYear, form: PublicationForm | None = None) -> ResponseReturnValue:
    begun, shown_now = draft(year.year), published(year.year)
    shown = content(year, begun or shown_now)
    rows = versions(year.year)
    if form is None and (begun or not shown_now):
        form = publication_form(begun, names_before(year.year), formdata=None)
    facts: dict[str, Any] = {
        "year": year, "shown": shown, "draft": begun, "published": shown_now, "rows": rows,
        "people": by_ids(row.published_by_id for row in rows if row.published_by_id),
        "lacking": services.lacking(shown, now()), "deadline": deadline(year), "today": local_date(now()),
        "obliged": shown.now.income > THRESHOLD_CENTS, "threshold": THRESHOLD_CENTS,
        "form": form,
        "assets": ASSETS, "liabilities": LIABILITIES, "statement": [line.value for line in STATEMENT],
        "notes": NOTES, "here": here(year), "drawn": content(year, None).now.cents,
        "changed": [(shown.name(line, language()), *cents) for line, *cents in changed(shown_now)] if shown_now else [],
    }  # fmt: skip
    return render_template("finance/anbi/year.html", **facts), form.status if form else 200
