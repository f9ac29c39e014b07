"""Costs and budget from the accounting package: the files, what each says, and whether it counts."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from app.base.errors import DomainError, Invalid, NotFound
from app.base.states import N_
from app.documents import files
from app.extensions import db, now, writing
from app.finance.figures import queries, reading, services
from app.finance.figures.doubles import Double, doubles
from app.finance.figures.forms import ColumnsForm, FileForm, Meaning, VersionForm, meaning_form
from app.finance.figures.models import FigureImport, FigureKind, FigureState, RuleOn, Signs
from app.finance.figures.sheet import FIELDS, Reading, month_columns
from app.finance.periods import FIRST, LAST
from app.finance.views import bp
from app.finance.views.exports import attachment
from app.staff.queries import by_ids
from app.ui.messages import translated
from app.ui.permissions import Permission, requires

MOST_CODES = 150  # accounts and cost centres that one page asks for


@bp.get("/finance/figures")
@requires(Permission.FINANCE_READ)
def figures() -> ResponseReturnValue:
    """The files that came in, newest first, and the months each kind has."""
    rows = list(db.session.execute(select(FigureImport).order_by(FigureImport.id.desc()).limit(200)).scalars())
    months = {kind: queries.months(kind, FIRST, LAST) for kind in FigureKind}
    people = by_ids({row.created_by_id for row in rows if row.created_by_id})
    return render_template("finance/figures.html", rows=rows, months=months, people=people)


@bp.route("/finance/figures/new", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def figures_new() -> ResponseReturnValue:
    """Upload a file with costs or a budget."""
    form = FileForm(data={"kind": request.args.get("kind", "cost")})
    if form.validate_on_submit():
        upload = request.files.get("file")
        try:
            content = upload.read(reading.MAX_BYTES + 1) if upload else b""
            file, key, header_row, columns = reading.keep(content, (upload.filename or "") if upload else "")
            with writing():
                import_id = services.begin(
                    FigureKind(form.kind.data), file, layout_key=key, header_row=header_row, columns=columns,
                    actor=current_user.actor, now=now(),
                )  # fmt: skip
            return redirect(url_for("finance.figures_file", import_id=import_id), 303)
        except DomainError as error:
            form.add_error(Invalid(error.message, field="file", **error.params))
    return render_template("finance/figures_new.html", form=form), form.status


@bp.get("/finance/figures/<int:import_id>")
@requires(Permission.FINANCE_READ)
def figures_file(import_id: int) -> ResponseReturnValue:
    """One file: what it says, what is wrong in it, and what it would replace."""
    return _page(_import(import_id))


@bp.post("/finance/figures/<int:import_id>/columns")
@requires(Permission.FINANCE_WRITE)
def figures_columns(import_id: int) -> ResponseReturnValue:
    """Say which column means what, and what the file must come to."""
    row = _import(import_id)
    names = reading.preview(row)[0]
    form = ColumnsForm()
    form.offer(names)
    columns = form.columns() | month_columns(names)
    if form.validate():
        try:
            with writing():
                services.choose(
                    import_id, columns, signs=Signs(form.signs.data), year=form.year.data,
                    control_cents=form.control.data.cents if form.control.data else 0, version=form.version.data or 0,
                )  # fmt: skip
            return redirect(url_for("finance.figures_file", import_id=import_id), 303)
        except DomainError as error:
            form.add_error(error)
    return _page(_import(import_id), form)


@bp.post("/finance/figures/<int:import_id>/meaning")
@requires(Permission.FINANCE_WRITE)
def figures_meaning(import_id: int) -> ResponseReturnValue:
    """Remember what accounts and cost centres mean."""
    row = _import(import_id)
    form = meaning_form(row.kind, _keys(_read(row)[0]), services.rules())
    if form.validate():
        with writing():
            services.remember(form.meant(), actor=current_user.actor, now=now())
        flash(_("Remembered, also for the next file."))
        return redirect(url_for("finance.figures_file", import_id=import_id, _anchor="says"), 303)
    return _page(row, meaning=form)


@bp.post("/finance/figures/<int:import_id>/enter")
@requires(Permission.FINANCE_WRITE)
def figures_enter(import_id: int) -> ResponseReturnValue:
    """Let the file count."""
    said, wrong = _read(_import(import_id))
    if wrong or not said.is_whole:
        flash(wrong or _("Not every row is right yet. Nothing was taken in."), "danger")
        return redirect(url_for("finance.figures_file", import_id=import_id), 303)

    twice = _doubles(_import(import_id), said)
    if twice and request.form.get("doubles") != "y":
        flash(_("Some of these costs we handed over ourselves. Leave them out, or say that they are others."), "danger")
        return redirect(url_for("finance.figures_file", import_id=import_id, _anchor="doubles"), 303)

    def act(version: int) -> None:
        services.enter(
            import_id, said.amounts, rows=said.rows, total_cents=said.total_cents, version=version,
            doubles=len(twice), actor=current_user.actor, now=now(),
        )  # fmt: skip

    return _decide(import_id, act, _("The figures count from now on."))


@bp.post("/finance/figures/<int:import_id>/leave-out")
@requires(Permission.FINANCE_WRITE)
def figures_leave_out(import_id: int) -> ResponseReturnValue:
    """Leave accounts out, of this file and the next, whose costs we handed over ourselves."""
    row = _import(import_id)
    codes = {each.account for each in _doubles(row, _read(row)[0])}
    if codes:
        with writing():
            meant = {(RuleOn.ACCOUNT, code): (None, None, True) for code in codes}
            services.remember(meant, actor=current_user.actor, now=now())
        flash(_("Left out, also in the next file: %(accounts)s.", accounts=", ".join(sorted(codes))), "ok")
    return redirect(url_for("finance.figures_file", import_id=import_id), 303)


@bp.post("/finance/figures/<int:import_id>/undo")
@requires(Permission.FINANCE_WRITE)
def figures_undo(import_id: int) -> ResponseReturnValue:
    """Take the file back: what counted before it counts again."""
    _import(import_id)

    def act(version: int) -> None:
        services.undo(import_id, version=version, actor=current_user.actor, now=now())

    return _decide(import_id, act, _("Undone. What counted before counts again."))


@bp.get("/finance/figures/<int:import_id>/content")
@requires(Permission.FINANCE_READ)
def figures_content(import_id: int) -> ResponseReturnValue:
    """The file as it was uploaded."""
    row = _import(import_id)
    content = files.read(row.sha256)
    return attachment(io.BytesIO(content), len(content), row.filename, row.media_type)


def _import(import_id: int) -> FigureImport:
    row = db.session.get(FigureImport, import_id)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row


def _read(row: FigureImport) -> tuple[Reading, str]:
    """What the file says, or why it cannot be read."""
    try:
        return reading.read(row), ""
    except Invalid as error:
        return Reading(), translated(error)


def _doubles(row: FigureImport, said: Reading) -> list[Double]:
    """Costs in this file that look like what we handed over."""
    return doubles(said.amounts) if row.kind is FigureKind.COST and row.state is FigureState.READ else []


def _keys(said: Reading) -> list[tuple[RuleOn, str]]:
    """Accounts without a line first, then the cost centres, then the other accounts."""
    centres = [(RuleOn.CENTRE, code) for code in sorted(said.centres)]
    accounts = [
        (RuleOn.ACCOUNT, code) for code in sorted(said.accounts, key=lambda code: (code not in said.unmapped, code))
    ]
    known = len(said.unmapped)
    return [*accounts[:known], *centres, *accounts[known:]][:MOST_CODES]


def _page(row: FigureImport, form: ColumnsForm | None = None, meaning: Meaning | None = None) -> ResponseReturnValue:
    preview = reading.preview(row)
    chosen = row.control_cents is not None
    said, wrong = _read(row) if chosen and row.state is FigureState.READ else (Reading(), "")
    if form is None:
        form = ColumnsForm(
            formdata=None,
            data={**row.columns, "version": row.version, "signs": row.signs.value, "year": row.year,
                  "control": row.control_cents},
        )  # fmt: skip
        form.offer(preview[0])
    if meaning is None and said.accounts:
        meaning = meaning_form(row.kind, _keys(said), services.rules(), formdata=None)
    instead = services.replaced(row.kind, said.months)
    replaced = [f"{month:%m-%Y}" for month in instead], sorted({each.filename for each in instead.values()})
    page = render_template(
        "finance/figures_file.html", row=row, form=form, meaning=meaning, said=said, wrong=wrong, preview=preview,
        fields=FIELDS, wide=bool(month_columns(preview[0])), replaced=replaced,
        doubles=_doubles(row, said),
        counting=[f"{month:%m-%Y}" for month in services.counting(row.id)],
        people=by_ids({who for who in (row.created_by_id, row.entered_by_id, row.undone_by_id) if who}),
    )  # fmt: skip
    return page, 422 if form.has_errors else 200


def _decide(import_id: int, act: Callable[[int], Any], done: str) -> ResponseReturnValue:
    form = VersionForm()
    if form.validate():
        try:
            with writing():
                act(form.version.data or 0)
        except DomainError as error:
            flash(translated(error), "danger")
        else:
            flash(done)
    return redirect(url_for("finance.figures_file", import_id=import_id), 303)
