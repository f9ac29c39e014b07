"""Year-end: what the result of a year is, and how it went to funds and reserves."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from app.base.dates import local_date, month_start
from app.base.errors import DomainError, NotFound
from app.base.states import N_
from app.extensions import db, now, writing
from app.finance.forms import ReasonForm
from app.finance.periods import FIRST, LAST, FiscalYear, fiscal_year, fiscal_year_of
from app.finance.views import bp
from app.finance.views.income import chosen_year
from app.finance.yearend import services
from app.finance.yearend.forms import YearEndForm, year_end_form
from app.finance.yearend.models import SOURCE, Appropriation
from app.finance.yearend.proposal import part_names, propose
from app.ledger.queries import closed_months, entries_of
from app.organisation.queries import profile
from app.staff.queries import by_ids
from app.ui.languages import language
from app.ui.permissions import Permission, requires


@bp.get("/finance/year-end")
@requires(Permission.FINANCE_READ)
def year_end() -> ResponseReturnValue:
    """The result of a fiscal year (`year`; without it the last that is over), the proposal, and what was decided."""
    first_month = profile().fiscal_year_start
    return _page(chosen_year(fiscal_year_of(local_date(now()), first_month).before))


@bp.post("/finance/year-end/<int:year>")
@requires(Permission.FINANCE_WRITE)
def year_end_book(year: int) -> ResponseReturnValue:
    """Book the appropriation."""
    if not FIRST.year < year < LAST.year:
        abort(404)
    chosen = fiscal_year(year, profile().fiscal_year_start)
    proposal = propose(chosen)
    form = year_end_form(proposal, part_names(proposal.parts, language()))
    if form.validate():
        try:
            with writing():
                services.appropriate(
                    chosen, form.moves(), seen_cents=form.seen.data or 0, reason=form.reason.data or "",
                    actor=current_user.actor, now=now(),
                )  # fmt: skip
        except DomainError as error:
            form.add_error(error)
        else:
            flash(_("The result of %(year)s is booked to funds and reserves.", year=year))
            return redirect(url_for("finance.year_end", year=year), 303)
    return _page(chosen, form)


@bp.route("/finance/year-end/appropriations/<int:row_id>/undo", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def year_end_undo(row_id: int) -> ResponseReturnValue:
    """Take it back, with a reason."""
    row, form = db.session.get(Appropriation, row_id), ReasonForm()
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    year = row.year
    if form.validate_on_submit():
        try:
            with writing():
                services.undo(row_id, reason=form.reason.data or "", actor=current_user.actor, now=now())
        except DomainError as error:
            form.add_error(error)
        else:
            flash(_("The appropriation is taken back."))
            return redirect(url_for("finance.year_end", year=year), 303)
    return render_template("finance/year_end_undo.html", form=form, year=year), form.status


def _page(year: FiscalYear, form: YearEndForm | None = None) -> ResponseReturnValue:
    proposal = propose(year)
    names = part_names(proposal.parts, language())
    rows = list(
        db.session.execute(
            select(Appropriation).where(Appropriation.year == year.year).order_by(Appropriation.id.desc())
        ).scalars()
    )
    standing = next((row for row in rows if row.undone_at is None), None)
    this_year = fiscal_year_of(local_date(now()), year.start.month).year
    page = render_template(
        "finance/year_end.html", year=year, proposal=proposal, names=names, rows=rows, standing=standing,
        entries=entries_of((SOURCE, standing.id)) if standing else [],
        people=by_ids({row.made_by_id for row in rows if row.made_by_id}),
        form=form or year_end_form(proposal, names, formdata=None), over=year.period.end < local_date(now()),
        closed=services.CLOSED if closed_months([month_start(year.period.end)]) else "",
        years=range(max(this_year, year.year), min(this_year - 5, year.year) - 1, -1),
    )  # fmt: skip
    return page, form.status if form else 200
