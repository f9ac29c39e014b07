"""What a grant pays: the list, and the same as a file."""

from __future__ import annotations

import tempfile
from typing import Any

from flask import render_template, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select

from app.base.dates import local_date
from app.base.states import N_
from app.extensions import db, now
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.expenses import queries
from app.grants.expenses.forms import line_pairs
from app.grants.expenses.models import Expense
from app.grants.partners import queries as partners
from app.grants.rows import cents_sum
from app.sheets.columns import Column, Kind, Words
from app.sheets.csv_writer import open_csv, write_csv
from app.ui import lists
from app.ui.permissions import Permission, requires

OURS = "ours"  # costs that no partner made


def _wanted(grant_id: int, whose: list[tuple[str, str]]) -> Select[*tuple[Any, ...]]:
    """The expenses that the search and the filters of the address leave."""
    its, wanted = queries.columns(grant_id), queries.listing(grant_id)
    if q := lists.search_text():
        wanted = wanted.where(queries.matches(q))
    if chosen := lists.row_id("line"):
        wanted = wanted.where(its.line_id == chosen)
    if partner := lists.choice("partner", [value for value, _name in whose]):
        wanted = wanted.where(its.partner_id.is_(None) if partner == OURS else its.partner_id == int(partner))
    if lists.choice("waiting", ["yes"]):
        wanted = wanted.where(its.line_id.is_(None))
    if lists.choice("period", ["outside"]):
        wanted = queries.outside(wanted, grant_id)
    return wanted


def _whose(grant_id: int) -> list[tuple[str, str]]:
    return [*((str(each.id), each.name) for each in partners.partners(grant_id)), (OURS, _("Ourselves"))]


@bp.get("/grants/<int:grant_id>/expenses")
@requires(Permission.GRANTS_READ)
def expenses(grant_id: int) -> ResponseReturnValue:
    """What a grant pays: its expenses, and its part of costs that are charged to other grants."""
    row, line = awards.one(grant_id)
    whose, pairs = _whose(grant_id), line_pairs(grant_id)
    wanted, its = _wanted(grant_id, whose), queries.columns(grant_id)
    sorts = {
        "date": lists.Sort(N_("Date"), (lists.desc(Expense.spent_on),)),
        "amount": lists.Sort(N_("Amount"), (lists.desc(its.cents),)),
    }
    page = lists.page(wanted, sorts, key=Expense.id, default="date")
    shown = [queries.line_of(each) for each in page.rows]
    options = (("partner", dict(whose)), ("waiting", ["yes"]), ("period", ["outside"]))
    asked = {name: lists.choice(name, allowed) for name, allowed in options}
    by_partner = {"name": "partner", "label": _("Partner"), "value": asked["partner"], "options": whose}
    return render_template(
        "grants/expenses.html",
        row=row,
        line=line,
        page=page,
        rows=shown,
        payers=queries.payers([each.id for each in shown], but=grant_id),
        names=dict(pairs),
        outside=queries.outside_cents(grant_id),
        total=db.session.execute(wanted.with_only_columns(cents_sum(its.cents))).scalar_one(),
        q=lists.search_text(),
        filters=[
            {"name": "line", "label": _("Budget line"), "value": lists.row_id("line") or "", "options": pairs[1:]},
            *([by_partner] if whose[1:] else []),
            {
                "name": "waiting",
                "label": _("Mapping"),
                "value": asked["waiting"],
                "options": [("yes", _("Not mapped yet"))],
            },
            {
                "name": "period",
                "label": _("Period"),
                "value": asked["period"],
                "options": [("outside", _("Outside the period"))],
            },
        ],
    )


@bp.get("/grants/<int:grant_id>/expenses.csv")
@requires(Permission.GRANTS_READ)
def expenses_csv(grant_id: int) -> ResponseReturnValue:
    """The same list with its search and filters, for a spreadsheet."""
    title = awards.one(grant_id)[1].title
    whose = _whose(grant_id)
    lines, makers = dict(line_pairs(grant_id)), {int(value): name for value, name in whose[:-1]}
    columns = [
        Column(_("Date"), Kind.DATE), Column(_("Description"), width=40), Column(_("Entry number")),
        Column(_("Ledger account")), Column(_("Cost centre")), Column(_("Budget line"), width=36),
        Column(_("Partner"), width=30), Column(_("The whole cost"), Kind.AMOUNT),
        Column(_("Paid by this grant"), Kind.AMOUNT, total=True),
    ]  # fmt: skip
    before = _("a line of before")
    # Written first and sent after: a slow download must not hold a read transaction open.
    file = tempfile.NamedTemporaryFile(suffix=".csv")  # noqa: SIM115 (send_file closes it)
    with open_csv(file.name) as text:
        rows = (
            (
                each.spent_on, each.description, each.voucher, each.ledger_account, each.cost_centre,
                lines.get(each.line_id, before) if each.line_id else "", makers.get(partner_id or 0, ""),
                each.full_cents, each.cents,
            )
            for each, partner_id in queries.exported(grant_id, _wanted(grant_id, whose))
        )  # fmt: skip
        write_csv(text, columns, rows, Words(rows=_("Rows"), total=_("Total"), totals_sheet=_("Totals")))
    safe = "".join(c if c.isalnum() or c in " -_" else "-" for c in title)[:60]
    name = f"{_('expenses')}-{safe}-{local_date(now()).isoformat()}.csv"
    return send_file(file, mimetype="text/csv; charset=utf-8", as_attachment=True, download_name=name, max_age=0)
