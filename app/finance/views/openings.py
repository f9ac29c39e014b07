"""Opening balances: the files, what each says, and whether it is taken in."""

from __future__ import annotations

import io
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select

from app.base.errors import DomainError, Invalid, NotFound, Refused
from app.base.money import Money
from app.base.states import N_
from app.documents import files
from app.extensions import db, now, writing
from app.finance.figures.forms import VersionForm
from app.finance.openings import balances, mandates, queries, reading, services, taking
from app.finance.openings.forms import BalancesForm, MandatesForm, OpeningFileForm
from app.finance.openings.models import SOURCE, Opening, OpeningKind, OpeningMandate, OpeningState
from app.finance.openings.standing import brought
from app.finance.openings.template import template_of
from app.finance.views import bp
from app.finance.views.exports import attachment
from app.ledger.queries import accounts, entries_of
from app.programmes.queries import all_funds, programme_names
from app.staff.queries import by_ids
from app.ui.languages import language
from app.ui.messages import translated
from app.ui.permissions import Permission, requires

AT_ONCE = 500  # mandates that a page takes in itself; more are left to the worker


@bp.get("/finance/openings")
@requires(Permission.FINANCE_READ)
def openings() -> ResponseReturnValue:
    """The files that came in, newest first."""
    rows = queries.newest()
    people = by_ids({row.created_by_id for row in rows if row.created_by_id})
    return render_template("finance/openings.html", rows=rows, people=people)


@bp.route("/finance/openings/new", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def opening_new() -> ResponseReturnValue:
    """Upload a file with balances or mandates."""
    form = OpeningFileForm(data={"kind": request.args.get("kind", OpeningKind.BALANCES.value)})
    if form.validate_on_submit():
        upload, kind = request.files.get("file"), OpeningKind(form.kind.data)
        try:
            content = upload.read(reading.MAX_BYTES + 1) if upload else b""
            file = reading.keep(kind, content, (upload.filename or "") if upload else "")
            with writing():
                opening_id = services.begin(kind, file, actor=current_user.actor, now=now())
            return _to(opening_id)
        except DomainError as error:
            form.add_error(Invalid(error.message, field="file", **error.params))
    return render_template("finance/opening_new.html", form=form), form.status


@bp.get("/finance/openings/template/<any(balances,mandates):kind>.csv")
@requires(Permission.FINANCE_READ)
def opening_template(kind: str) -> ResponseReturnValue:
    """An empty sheet with the right headings."""
    content = template_of(OpeningKind(kind))
    name = {"balances": _("opening-balances"), "mandates": _("mandates")}[kind]
    return attachment(io.BytesIO(content), len(content), f"{name}.csv", "text/csv; charset=utf-8")


@bp.get("/finance/openings/<int:opening_id>")
@requires(Permission.FINANCE_READ)
def opening(opening_id: int) -> ResponseReturnValue:
    """One file: what it says, what is wrong in it, what it became."""
    return _page(_opening(opening_id))


@bp.post("/finance/openings/<int:opening_id>/control")
@requires(Permission.FINANCE_WRITE)
def opening_control(opening_id: int) -> ResponseReturnValue:
    """Say what the file must come to, and for balances the day."""
    row = _opening(opening_id)
    form = _form(row, filled=True)
    if form.validate():
        more = (
            {"on": form.on.data}
            if isinstance(form, BalancesForm)
            else {"control_count": form.count.data, "told": form.told.data}
        )
        assert form.control.data
        try:
            with writing():
                services.choose(
                    opening_id, control_cents=form.control.data.cents, version=form.version.data, now=now(), **more
                )
            return _to(opening_id, "says")
        except DomainError as error:
            form.add_error(error)
    return _page(_opening(opening_id), form)


@bp.post("/finance/openings/<int:opening_id>/enter")
@requires(Permission.FINANCE_WRITE)
def opening_enter(opening_id: int) -> ResponseReturnValue:
    """Take the file in."""
    row = _opening(opening_id)
    said, wrong = _read(row)
    form = VersionForm()
    if wrong or not form.validate():
        flash(wrong or _("Not every row is right yet. Nothing was taken in."), "danger")
        return _to(opening_id)
    version = form.version.data or 0
    try:
        if isinstance(said, balances.Reading):
            with writing():
                services.enter_balances(opening_id, said, version=version, actor=current_user.actor, now=now())
            flash(_("The opening balance is booked."), "ok")
        else:
            assert isinstance(said, mandates.Reading)
            with writing():
                services.begin_entering(opening_id, said, version=version, actor=current_user.actor, now=now())
            if len(said.live) <= AT_ONCE:
                taking.take(opening_id, actor=current_user.actor, bounded=writing)
                flash(_("The mandates are taken in."), "ok")
            else:
                flash(_("The mandates come in one after the other; you can go on with something else."))
    except DomainError as error:
        flash(translated(error), "danger")
    return _to(opening_id)


@bp.post("/finance/openings/<int:opening_id>/undo")
@requires(Permission.FINANCE_WRITE)
def opening_undo(opening_id: int) -> ResponseReturnValue:
    """Take the file back, or throw away what was only read."""
    row, form = _opening(opening_id), VersionForm()
    undo = services.undo_balances if row.kind is OpeningKind.BALANCES else taking.undo
    was_read = row.state is OpeningState.READ
    if form.validate():
        try:
            with writing():
                undo(opening_id, version=form.version.data or 0, actor=current_user.actor, now=now())
        except DomainError as error:
            flash(translated(error), "danger")
        else:
            flash(_("Thrown away.") if was_read else _("Undone."), "ok")
    return _to(opening_id)


@bp.get("/finance/openings/<int:opening_id>/content")
@requires(Permission.FINANCE_WRITE)
def opening_content(opening_id: int) -> ResponseReturnValue:
    """The file as it was uploaded."""
    row = _opening(opening_id)
    content = files.read(row.sha256)
    return attachment(io.BytesIO(content), len(content), row.filename, row.media_type)


def _opening(opening_id: int) -> Opening:
    row = db.session.get(Opening, opening_id)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row


def _read(row: Opening) -> tuple[reading.Reading | None, str]:
    """What the file says, or why it cannot be read."""
    try:
        return reading.read(row), ""
    except (Invalid, NotFound) as error:  # sheets of mandates go after a while (openings/keeping.py)
        return None, translated(error)


def _form(row: Opening, *, filled: bool = False) -> BalancesForm | MandatesForm:
    control = Money(row.control_cents) if row.control_cents is not None else None
    data: dict[str, Any] = {"version": row.version, "control": control}
    asked: dict[str, Any] = {"data": data} if filled else {"data": data, "formdata": None}
    if row.kind is OpeningKind.BALANCES:
        data["on"] = row.booked_on
        return BalancesForm(**asked)
    data |= {"count": row.control_count, "told": row.told}
    return MandatesForm(**asked)


def _page(row: Opening, form: BalancesForm | MandatesForm | None = None) -> ResponseReturnValue:
    undecided = row.state in (OpeningState.READ, OpeningState.ENTERING)
    said, wrong = _read(row) if undecided else (None, "")
    bring = None
    if isinstance(said, balances.Reading) and row.booked_on and said.is_whole:
        bring = brought(said, row.booked_on)
    page = render_template(
        "finance/opening.html", row=row, form=form or _form(row), said=said, wrong=wrong,
        headings={each.name: each for each in reading.HEADINGS[row.kind]},
        entries=entries_of((SOURCE, row.id)) if row.kind is OpeningKind.BALANCES else [],
        is_here=files.is_stored(row.sha256), taken=_taken(row.id), names=programme_names(language()),
        funds={fund.id: fund.name(language()) for fund in all_funds()},
        accounts={account.code: account.name(language()) for account in accounts()},
        bring=bring,
        unfit=[translated(Refused(each.message, **each.params)) for each in bring.problems] if bring else [],
        people=by_ids({who for who in (row.created_by_id, row.entered_by_id, row.undone_by_id) if who}),
    )  # fmt: skip
    return page, 422 if form is not None and form.has_errors else 200


def _taken(opening_id: int) -> int:
    """How many rows became a mandate."""
    mine = select(func.count()).select_from(OpeningMandate).where(OpeningMandate.opening_id == opening_id)
    return db.session.execute(mine).scalar_one()


def _to(opening_id: int, anchor: str = "") -> ResponseReturnValue:
    return redirect(url_for("finance.opening", opening_id=opening_id, _anchor=anchor or None), 303)
