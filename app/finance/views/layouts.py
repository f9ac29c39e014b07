"""How files for the accounting package look, and the test import that comes before the first use."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import DomainError
from app.extensions import now, writing
from app.finance.books import handing_over
from app.finance.books.layouts import plain
from app.finance.books.models import Layout, LayoutProfile
from app.finance.books.writing import profile_of
from app.finance.forms import CsvLayoutForm, LayoutForm, TestedForm
from app.finance.views import bp
from app.ui.permissions import Permission, requires


@bp.get("/finance/layouts/<layout>")
@requires(Permission.FINANCE_WRITE)
def layout(layout: str) -> ResponseReturnValue:
    chosen = _layout(layout)
    return _page(chosen, _form(chosen, profile_of(chosen)), TestedForm(formdata=None))


@bp.post("/finance/layouts/<layout>")
@requires(Permission.FINANCE_WRITE)
def layout_save(layout: str) -> ResponseReturnValue:
    chosen = _layout(layout)
    form = CsvLayoutForm() if chosen is Layout.CSV else LayoutForm()
    if form.validate():
        options = {name: form[name].data for name in ("separator", "decimal", "dates")} if _is_csv(form) else {}
        columns = (form["columns"].data or "") if _is_csv(form) else ""
        try:
            with writing():
                handing_over.set_profile(
                    chosen, journal_code=form.journal_code.data or "", office_code=form.office_code.data or "",
                    options=options, columns=columns, actor=current_user.actor, now=now(),
                )  # fmt: skip
        except DomainError as error:
            form.add_error(error)
        else:
            flash(_("The layout is saved."))
            return redirect(url_for("finance.layout", layout=layout), 303)
    return _page(chosen, form, TestedForm(formdata=None))


@bp.post("/finance/layouts/<layout>/tested")
@requires(Permission.FINANCE_WRITE)
def layout_tested(layout: str) -> ResponseReturnValue:
    chosen, form = _layout(layout), TestedForm()
    if form.validate():
        with writing():
            handing_over.record_test(chosen, note=form.note.data or "", actor=current_user.actor, now=now())
        flash(_("The test import is recorded: months can be handed over in this layout."))
        return redirect(url_for("finance.layout", layout=layout), 303)
    return _page(chosen, _form(chosen, profile_of(chosen)), form)


def _page(chosen: Layout, form: LayoutForm, tested: TestedForm) -> ResponseReturnValue:
    page = render_template(
        "finance/layout.html", layout=chosen, form=form, tested=tested, profile=profile_of(chosen),
        fields=plain.FIELDS, is_csv=chosen is Layout.CSV,
    )  # fmt: skip
    return page, max(form.status, tested.status)


def _form(chosen: Layout, profile: LayoutProfile) -> LayoutForm:
    start = {"journal_code": profile.journal_code, "office_code": profile.office_code}
    if chosen is not Layout.CSV:
        return LayoutForm(formdata=None, data=start)
    columns = profile.options.get("columns") or [[name, name] for name in plain.FIELDS]
    lines = "\n".join(f"{name} = {heading}" for name, heading in columns)
    return CsvLayoutForm(formdata=None, data={**start, **profile.options, "columns": lines})


def _is_csv(form: LayoutForm) -> bool:
    return isinstance(form, CsvLayoutForm)


def layout_named(text: str) -> Layout:
    """The layout of an address, 404 where there is none."""
    try:
        return Layout(text)
    except ValueError:
        abort(404)


def _layout(text: str) -> Layout:
    """One that can be set up."""
    found = layout_named(text)
    if found.is_proven:
        abort(404)
    return found
