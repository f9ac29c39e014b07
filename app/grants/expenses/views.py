"""Expenses of a grant: by hand, what waits to be mapped, and sheets of the accounts."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import func, select

from app.base.dates import local_date
from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.extensions import db, now, writing
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.expenses import imports, jobs, services, sheet
from app.grants.expenses.forms import (
    ChangeExpenseForm,
    ColumnsForm,
    ExpenseForm,
    MapForm,
    MapOneForm,
    SheetForm,
    line_pairs,
)
from app.grants.expenses.models import Expense, ExpenseImport
from app.grants.pages import VersionedForm, act_on, filled, form_page
from app.grants.rows import cents_sum
from app.jobs.services import enqueue
from app.ui import filters
from app.ui.permissions import Permission, requires


@bp.route("/grants/<int:grant_id>/expenses/new", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def new_expense(grant_id: int) -> ResponseReturnValue:
    """An expense by hand."""
    line = awards.one(grant_id)[1]

    def make(**kwargs: Any) -> ExpenseForm:
        form = ExpenseForm(data={"form_key": uuid4().hex, "spent_on": local_date(now())}, **kwargs)
        form.offer(grant_id)
        return form

    return form_page(
        make,
        lambda form: services.enter(
            grant_id, form.facts(), form_key=form.form_key.data, actor=current_user.actor, now=now()
        ),
        title=_("Enter an expense"),
        subject=f"{line.title} · {line.funder}",
        submit=_("Enter the expense"),
        said=_("The expense is entered."),
        back=lambda _id: url_for("grants.expenses", grant_id=grant_id),
    )


def _expense(expense_id: int) -> Expense:
    row = db.session.get(Expense, expense_id)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row


@bp.route("/grants/expenses/<int:expense_id>/edit", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def edit_expense(expense_id: int) -> ResponseReturnValue:
    """Correct an expense; what came from the accounts keeps its day and its whole amount."""
    row = _expense(expense_id)
    return form_page(
        lambda **kwargs: ChangeExpenseForm.of(_expense(expense_id), **kwargs),
        lambda form: services.change(
            expense_id, form.facts(), version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Correct the expense"),
        subject=awards.one(row.grant_id)[1].title,
        explain=_("It came from the accounts: its day and whole amount are corrected there.") if row.import_id else "",
        submit=_("Save"),
        said=_("Saved."),
        back=url_for("grants.expenses", grant_id=row.grant_id),
        hints={"amount": _("0 takes it off this grant.")},
    )


@bp.route("/grants/expenses/<int:expense_id>/line", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def map_expense(expense_id: int) -> ResponseReturnValue:
    """Put one expense on a budget line, alone or as a rule for what has the same numbers."""
    row = _expense(expense_id)
    was_waiting = row.budget_line_id is None

    def act(form: MapOneForm) -> None:
        rule = (form.rule.data or "").split()
        services.map_one(
            expense_id,
            form.budget_line_id.data,
            by_account="account" in rule,
            by_centre="centre" in rule,
            version=form.version.data,
            actor=current_user.actor,
            now=now(),
        )

    return form_page(
        lambda **kwargs: MapOneForm.of(_expense(expense_id), **kwargs),
        act,
        title=_("Put on a budget line"),
        subject=awards.one(row.grant_id)[1].title,
        explain=f"{filters.day(row.spent_on)} · {row.description} · {filters.money(row.cents)}",
        submit=_("Put it there"),
        said=_("Mapped."),
        back=url_for("grants.expenses", grant_id=row.grant_id, waiting="yes" if was_waiting else None),
        hints={"rule": _("A rule counts for what waits now and for every next import.")},
    )


@bp.route("/grants/<int:grant_id>/expenses/unmapped", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def unmapped_expenses(grant_id: int) -> ResponseReturnValue:
    """What waits for a budget line, by account and cost centre; a choice is remembered as a rule."""
    line = awards.one(grant_id)[1]
    form = MapForm()
    form.budget_line_id.choices = line_pairs(grant_id)

    def act() -> int:
        account, centre = form.ledger_account.data or "", form.cost_centre.data or ""
        chosen = filled(form.budget_line_id.data)
        return services.map_to_line(grant_id, account, centre, chosen, actor=current_user.actor, now=now())

    done, status, count = act_on(form, act)
    if done:
        flash(ngettext("%(num)d expense is mapped.", "%(num)d expenses are mapped.", count), "ok")
        return redirect(url_for("grants.unmapped_expenses", grant_id=grant_id), 303)
    keys = (Expense.ledger_account, Expense.cost_centre)
    waiting = (
        select(*keys, func.count(), cents_sum(Expense.cents), func.min(Expense.description))
        .where(Expense.grant_id == grant_id, Expense.budget_line_id.is_(None))
        .group_by(*keys)
        .order_by(*keys)
        .limit(100)
    )
    groups = db.session.execute(waiting).all()
    return render_template("grants/unmapped.html", line=line, groups=groups, form=form), status


@bp.route("/grants/<int:grant_id>/expenses/import", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def import_expenses(grant_id: int) -> ResponseReturnValue:
    """Upload a sheet of the accounting package."""
    line = awards.one(grant_id)[1]
    form = SheetForm()
    if form.validate_on_submit():
        try:
            upload = request.files.get("file")
            kept = imports.keep(upload.read() if upload else b"", upload.filename or "" if upload else "")
            with writing():
                import_id = imports.begin(grant_id, *kept, actor=current_user.actor, now=now())
            return redirect(url_for("grants.expense_import", import_id=import_id), 303)
        except Invalid as error:
            form.add_error(Invalid(error.message, field="file", **error.params))
    return render_template("grants/import_upload.html", line=line, form=form), form.status


def _import(import_id: int) -> ExpenseImport:
    row = db.session.get(ExpenseImport, import_id)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row


@bp.route("/grants/expenses/imports/<int:import_id>", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def expense_import(import_id: int) -> ResponseReturnValue:
    """Choose the columns of a sheet, see what would be entered and what is wrong in which row."""
    row = _import(import_id)
    size, headings = row.size, imports.preview(import_id)
    form = ColumnsForm.at(row.version, data=dict(row.columns))
    form.offer(headings[0])

    def act() -> None:
        columns = {name: form[name].data for name in sheet.FIELDS}
        imports.choose(import_id, columns, version=form.version.data, now=now())
        if size > jobs.SMALL:
            enqueue("expenses.try_out", {"import_id": str(import_id)}, now=now(), key=f"try:{import_id}")

    done, status, _given = act_on(form, act)
    if done:
        if size <= jobs.SMALL:
            imports.try_out(import_id)
        return redirect(url_for("grants.expense_import", import_id=import_id), 303)
    row = _import(import_id)
    line = awards.one(row.grant_id)[1]
    page = render_template("grants/import.html", row=row, line=line, form=form, headings=headings, fields=sheet.FIELDS)
    return page, status


@bp.post("/grants/expenses/imports/<int:import_id>/enter")
@requires(Permission.GRANTS_WRITE)
def enter_import(import_id: int) -> ResponseReturnValue:
    """Enter the rows that are right."""
    size = _import(import_id).size
    form = VersionedForm()
    if form.validate_on_submit():
        with writing():
            imports.approve(import_id, version=form.version.data, actor=current_user.actor, now=now())
            if size > jobs.SMALL:
                enqueue("expenses.enter", {"import_id": str(import_id)}, now=now(), key=f"enter:{import_id}")
        if size <= jobs.SMALL:
            imports.enter(import_id, now=now())
    return redirect(url_for("grants.expense_import", import_id=import_id), 303)
