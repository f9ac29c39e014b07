"""Keep the filter of a list under a name, look at those there are, rename and remove them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import DomainError, NotFound
from app.base.states import N_
from app.extensions import now, writing
from app.saved import known, queries, services
from app.saved.forms import FilterForm
from app.saved.models import SavedFilter
from app.ui.permissions import Permission, may, requires

bp = Blueprint("saved", __name__)


def _list(name: str) -> known.KnownList:
    found = known.find(name)
    if found is None:
        raise NotFound(N_("There is no such list."))
    return found


@bp.get("/filters/<name>")
@requires(Permission.OWN_ACCOUNT)
def index(name: str) -> ResponseReturnValue:
    """The kept filters of one list."""
    listed = _list(name)
    rows = queries.of_list(name, current_user.id)
    return render_template("saved/index.html", listed=listed, rows=rows, may_change=_may_change)


@bp.route("/filters/<name>/new", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT)
def new(name: str) -> ResponseReturnValue:
    """Keep the filter in this address, once the list itself finds nothing wrong with it."""
    listed = _list(name)
    listed.check()
    query, form = listed.query(), FilterForm()
    back = f"{url_for(listed.endpoint)}?{query}"
    if form.validate_on_submit():
        try:
            with writing():
                services.keep(
                    name, form.name.data, query, shared=form.shared.data, actor=current_user.actor, now=now()
                )  # fmt: skip
            flash(_("The filter is kept."), "ok")
            return redirect(back, 303)
        except DomainError as error:
            form.add_error(error)
    return render_template("saved/form.html", listed=listed, form=form, row=None, back=back), form.status


@bp.route("/filters/<int:filter_id>/edit", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT)
def edit(filter_id: int) -> ResponseReturnValue:
    """Another name, shared or one's own."""
    row = _row(filter_id)
    listed, back = _list(row.list_name), url_for("saved.index", name=row.list_name)
    form = FilterForm(data={"name": row.name, "shared": row.shared})
    if form.validate_on_submit():
        try:
            with writing():
                services.change(
                    filter_id, name=form.name.data, shared=form.shared.data, actor=current_user.actor,
                    any_owner=may(Permission.STAFF_MANAGE),
                )  # fmt: skip
            flash(_("The filter is changed."), "ok")
            return redirect(back, 303)
        except DomainError as error:
            form.add_error(error)
    return render_template("saved/form.html", listed=listed, form=form, row=row, back=back), form.status


@bp.post("/filters/<int:filter_id>/remove")
@requires(Permission.OWN_ACCOUNT)
def remove(filter_id: int) -> ResponseReturnValue:
    back = url_for("saved.index", name=_row(filter_id).list_name)
    with writing():
        services.remove(filter_id, actor=current_user.actor, any_owner=may(Permission.STAFF_MANAGE))
    flash(_("The filter is removed."), "ok")
    return redirect(back, 303)


def bar(name: str) -> queries.Bar | None:
    """What the page of a list shows of its kept filters; None where it is not for this person."""
    listed = known.find(name)
    return queries.bar(listed, current_user.id) if listed else None


def _may_change(row: SavedFilter) -> bool:
    return bool(row.owner_id == current_user.id or (row.shared and may(Permission.STAFF_MANAGE)))


def _row(filter_id: int) -> SavedFilter:
    """A filter that this person may change: NotFound otherwise."""
    row = queries.find(filter_id)
    if row is None or not _may_change(row) or known.find(row.list_name) is None:
        raise NotFound(N_("There is no such filter."))
    return row
