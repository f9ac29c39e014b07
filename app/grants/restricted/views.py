"""Restricted money that is not spent yet, by fund and by grant, and how a grant is divided."""

from __future__ import annotations

import io
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.extensions import now
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.pages import act_on, tabs
from app.grants.restricted import queries, services
from app.grants.restricted.forms import DivideForm
from app.grants.restricted.queries import Share, Tie, Total
from app.sheets.columns import Column, Kind, Words
from app.sheets.csv_writer import write_csv
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, requires


def _chosen(found: list[Total]) -> Total | None:
    """The fund or programme that was asked for, if any."""
    for tie in (Tie.FUND, Tie.PROGRAMME):
        if row_id := lists.row_id(tie):
            return next((total for total in found if total.purpose == (tie, row_id)), None)
    return None


@bp.get("/grants/restricted")
@requires(Permission.GRANTS_READ)
def restricted() -> ResponseReturnValue:
    """What is not spent yet, by fund and programme; of one of them also by grant."""
    every = queries.shares()
    found = queries.totals(every, language())
    chosen = _chosen(found)
    return render_template(
        "grants/restricted.html",
        tabs=tabs(),
        totals=found,
        chosen=chosen,
        shares=[each for each in every if chosen and each.purpose == chosen.purpose],
        free=sum(each.unspent for each in every if each.purpose == queries.FREE),
        bars=[(total.name, total.unspent, _place(total)) for total in found],
        place=_place,
    )


def _place(total: Total) -> str:
    tie, row_id = total.purpose
    return url_for("grants.restricted", **{tie.value: row_id})  # type: ignore[arg-type]


@bp.get("/grants/restricted.csv")
@requires(Permission.GRANTS_READ)
def restricted_csv() -> ResponseReturnValue:
    """The same by purpose and grant, for a spreadsheet."""
    every = queries.shares()
    names = {total.purpose: total.name for total in queries.totals(every, language())}
    money = (_("Received"), _("Spent"), _("Not spent yet"), _("Advanced"))
    columns = [
        Column(_("Fund or programme"), width=36),
        Column(_("Grant"), width=40),
        Column(_("Funder"), width=30),
        Column(_("Ends"), Kind.DATE),
        *(Column(label, Kind.AMOUNT, total=True) for label in money),
    ]
    bound = sorted((each for each in every if each.purpose in names), key=lambda each: names[each.purpose])
    rows = (_cells(names[each.purpose], each) for each in bound)
    file = io.StringIO(newline="")
    write_csv(file, columns, rows, Words(rows=_("Rows"), total=_("Total"), totals_sheet=_("Totals")))
    name = f"{_('restricted-money')}-{local_date(now()).isoformat()}.csv"
    content = io.BytesIO(file.getvalue().encode())
    return send_file(content, mimetype="text/csv", as_attachment=True, download_name=name, max_age=0)


def _cells(name: str, each: Share) -> tuple[Any, ...]:
    return name, each.title, each.funder, each.ends_on, each.received, each.spent, each.unspent, each.advanced


@bp.route("/grants/<int:grant_id>/division", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def divide_grant(grant_id: int) -> ResponseReturnValue:
    """Divide a grant over funds and programmes, by amount or by share."""
    row, line = awards.one(grant_id)
    form = DivideForm.of(queries.allocations(grant_id), row.version)
    status = 200
    if request.method == "POST" and request.form.get("more"):
        form.more()
    else:
        done, status, _given = act_on(
            form,
            lambda: services.divide(
                grant_id, form.divisions(), version=form.version.data, actor=current_user.actor, now=now()
            ),
        )
        if done:
            flash(_("Kept. What is received and spent is divided like this."), "ok")
            return redirect(url_for("grants.grant", grant_id=grant_id), 303)
    return render_template("grants/division.html", form=form, line=line), status
