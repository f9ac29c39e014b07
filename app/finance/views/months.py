"""Months: closing them, opening them again, handing them over."""

from __future__ import annotations

import io
import tempfile
from datetime import date

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import add_months, local_date, month_name
from app.base.errors import DomainError, NotFound
from app.base.states import N_
from app.extensions import db, now, settings, writing
from app.finance.books import closing, handing_over, months
from app.finance.books.models import HandOver, Layout, PeriodClosing
from app.finance.books.postings import Range
from app.finance.books.writing import write
from app.finance.forms import HandOverForm, ReasonForm
from app.finance.periods import FIRST, LAST, fiscal_year, fiscal_year_of
from app.finance.views import bp
from app.finance.views.exports import attachment
from app.finance.views.income import chosen_year
from app.finance.views.layouts import layout_named
from app.ledger.periods import last_closed, open_before
from app.ledger.queries import booked_months
from app.organisation.queries import profile
from app.staff.queries import by_ids
from app.ui.languages import language
from app.ui.messages import translated
from app.ui.permissions import Permission, requires

XML = "application/xml"


@bp.get("/finance/months")
@requires(Permission.FINANCE_READ)
def months_index() -> ResponseReturnValue:
    """The months of a fiscal year: what was booked, whether they are closed, what was handed over."""
    first_month = profile().fiscal_year_start
    this_year = fiscal_year_of(local_date(now()), first_month)
    year, span = chosen_year(this_year), booked_months()
    first = fiscal_year_of(span[0], first_month).year if span else this_year.year
    years = range(max(this_year.year, year.year), min(first, year.year) - 1, -1)
    return render_template(
        "finance/months.html", rows=months.of_year(year), year=year, years=years, name=_name,
        auditfiles=(Layout.XAF_40, Layout.XAF_32),
    )  # fmt: skip


@bp.get("/finance/months/<month>")
@requires(Permission.FINANCE_READ)
def month(month: str) -> ResponseReturnValue:
    """One month: its closings, its hand-overs, and what can be done."""
    return _page(_month(month), HandOverForm(formdata=None))


def _page(day: date, form: HandOverForm) -> ResponseReturnValue:
    row = months.one(day)
    closings, handed = months.closings(day), months.hand_overs(day)
    before = open_before(day)
    who = {i for c in closings for i in (c.closed_by, c.reopened_by)} | {h.made_by for h in handed}
    page = render_template(
        "finance/month.html", row=row, name=_name(day), closings=closings, handed=handed, form=form,
        people=by_ids({i for i in who if i}), unexplained=months.unexplained(day),
        over=add_months(day, 1) <= local_date(now()), layouts=list(Layout), first=before,
        first_name=_name(before) if before else "",
    )  # fmt: skip
    return page, form.status


@bp.post("/finance/months/<month>/close")
@requires(Permission.FINANCE_WRITE)
def month_close(month: str) -> ResponseReturnValue:
    """With those before it from `from` on, as the page said."""
    day = _month(month)
    each = min(_month(request.form.get("from") or month), day)
    with writing():
        while each <= day:
            closing.close(each, actor=current_user.actor, now=now())
            each = add_months(each, 1)
    flash(_("%(month)s is closed. Nothing can be booked in it any more.", month=_name(day).capitalize()))
    return redirect(url_for("finance.month", month=month), 303)


@bp.route("/finance/months/<month>/reopen", methods=["GET", "POST"])
@requires(Permission.FINANCE_REOPEN)
def month_reopen(month: str) -> ResponseReturnValue:
    """With those after it up to `last`, as the page said."""
    day, form = _month(month), ReasonForm()
    last = max(_month(request.form.get("last") or month), day)
    if form.validate_on_submit():
        try:
            with writing():
                closing.reopen_from(day, last, reason=form.reason.data or "", actor=current_user.actor, now=now())
        except DomainError as error:
            form.add_error(error)
        else:
            flash(_("%(month)s is open again.", month=_name(day).capitalize()))
            return redirect(url_for("finance.month", month=month), 303)
    last = max(last_closed() or day, day)
    return render_template(
        "finance/month_reopen.html", form=form, name=_name(day), month=month, last=last,
        last_name=_name(last) if last > day else "",
    ), form.status  # fmt: skip


@bp.post("/finance/months/<month>/hand-over")
@requires(Permission.FINANCE_WRITE)
def month_hand_over(month: str) -> ResponseReturnValue:
    day, form = _month(month), HandOverForm()
    if form.validate():
        try:
            handing_over.hand_over(day, Layout(form.layout.data), actor=current_user.actor, now=now())
        except DomainError as error:
            flash(translated(error), "danger")
        else:
            flash(_("The file is made, and what is in it is marked as handed over."))
        return redirect(url_for("finance.month", month=month, _anchor="handed-over"), 303)
    return _page(day, form)


@bp.get("/finance/months/<month>/trial/<layout>/content")
@requires(Permission.FINANCE_WRITE)
def month_trial(month: str, layout: str) -> ResponseReturnValue:
    """A file to try an import with; nothing is marked."""
    day, chosen = _month(month), layout_named(layout)
    content = handing_over.trial(day, chosen, now=now())
    return attachment(
        io.BytesIO(content), len(content), f"trial-{month}-{chosen.value}.{chosen.extension}", _type(chosen)
    )


@bp.get("/finance/closings/<int:closing_id>/csv")
@requires(Permission.FINANCE_READ)
def closing_file(closing_id: int) -> ResponseReturnValue:
    """The journal as it was when the month was closed."""
    row = db.session.get(PeriodClosing, closing_id)
    if row is None:
        raise NotFound(N_("This closing is not there."))
    content = closing.content(row)
    return attachment(io.BytesIO(content), len(content), row.filename, "text/csv; charset=utf-8")


@bp.get("/finance/hand-overs/<int:hand_over_id>/content")
@requires(Permission.FINANCE_READ)
def hand_over_file(hand_over_id: int) -> ResponseReturnValue:
    """The very file that was handed over."""
    row = _hand_over(hand_over_id)
    content = handing_over.content(row)
    return attachment(io.BytesIO(content), len(content), row.filename, _type(row.layout))


@bp.route("/finance/hand-overs/<int:hand_over_id>/take-back", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def hand_over_take_back(hand_over_id: int) -> ResponseReturnValue:
    row, form = _hand_over(hand_over_id), ReasonForm()
    day = row.month
    if form.validate_on_submit():
        try:
            with writing():
                handing_over.take_back(
                    hand_over_id, reason=form.reason.data or "", actor=current_user.actor, now=now()
                )  # fmt: skip
        except DomainError as error:
            form.add_error(error)
        else:
            flash(_("The hand-over is taken back: its entries can be handed over again."))
            return redirect(url_for("finance.month", month=f"{day:%Y-%m}"), 303)
    return render_template(
        "finance/hand_over_take_back.html", form=form, name=_name(day), month=f"{day:%Y-%m}"
    ), form.status  # fmt: skip


@bp.get("/finance/auditfile/<int:year>/<layout>/content")
@requires(Permission.FINANCE_READ)
def auditfile(year: int, layout: str) -> ResponseReturnValue:
    """All entries of a fiscal year as the auditor asks for them; nothing is marked."""
    chosen = layout_named(layout)
    if not FIRST.year < year < LAST.year or not chosen.is_proven:
        abort(404)
    whole = fiscal_year(year, profile().fiscal_year_start)
    file = tempfile.TemporaryFile(dir=settings().data_dir, prefix="export-")  # noqa: SIM115 (closed when sent)
    try:
        write(file, chosen, Range(whole.period), made_on=local_date(now()))
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return attachment(file, size, f"draagvlak-{year}-{chosen.value}.xaf", XML)


def _month(text: str) -> date:
    try:
        day = date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        day = None
    if day is None or not FIRST <= day <= LAST:
        abort(404)
    return day


def _hand_over(hand_over_id: int) -> HandOver:
    row = db.session.get(HandOver, hand_over_id)
    if row is None:
        raise NotFound(N_("This hand-over is not there."))
    return row


def _type(layout: Layout) -> str:
    return "text/csv; charset=utf-8" if layout is Layout.CSV else XML


def _name(day: date) -> str:
    return f"{month_name(day.month, language())} {day.year}"
