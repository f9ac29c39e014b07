"""A cover plan, and the list of projects, as CSV or XLSX."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

from flask import Response, send_file
from flask_babel import gettext as _

from app.grants.projects.plan import Plan
from app.grants.projects.queries import Listed
from app.sheets.columns import Column, Kind, Words
from app.sheets.csv_writer import write_csv
from app.sheets.xlsx_writer import write_xlsx
from app.ui import filters

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Rows = Iterable[tuple[object, ...]]


def of_plan(plan: Plan) -> tuple[list[Column], Rows]:
    """Lines × sources with what is covered, open and covered twice; sums at the end."""
    columns = [
        Column(_("Budget line"), width=36),
        Column(_("Category"), width=24),
        Column(_("Costs"), Kind.AMOUNT, total=True),
        *(Column(each.name, Kind.AMOUNT, width=24, total=True) for each in plan.sources),
        Column(_("Covered"), Kind.AMOUNT, total=True),
        Column(_("Not covered yet"), Kind.AMOUNT, total=True),
        Column(_("Covered twice"), Kind.AMOUNT, total=True),
    ]
    rows = (
        (
            row.line.name,
            filters.label(row.line.category),
            row.line.cents,
            *(row.cells.get(each.id) for each in plan.sources),
            row.covered_cents,
            row.gap_cents,
            row.double_cents,
        )
        for row in plan.rows
    )
    return columns, rows


def of_list(
    projects: Iterable[Listed], plans: Mapping[int, Plan], programmes: Mapping[int, str]
) -> tuple[list[Column], Rows]:
    columns = [
        Column(_("Project"), width=40),
        Column(_("Programme"), width=24),
        Column(_("State")),
        Column(_("Starts"), Kind.DATE),
        Column(_("Ends"), Kind.DATE),
        Column(_("Project lead"), width=24),
        Column(_("Costs"), Kind.AMOUNT, total=True),
        Column(_("Covered"), Kind.AMOUNT, total=True),
        Column(_("Not covered yet"), Kind.AMOUNT, total=True),
    ]
    rows = (
        (
            each.name,
            programmes.get(each.programme_id or 0, ""),
            filters.label(each.state),
            each.starts_on,
            each.ends_on,
            each.lead or "",
            plans[each.id].cost_cents,
            plans[each.id].covered_cents,
            plans[each.id].gap_cents,
        )
        for each in projects
    )
    return columns, rows


def download(columns: list[Column], rows: Rows, name: str, form: str) -> Response:
    """The sheet as a file to keep."""
    words = Words(rows=_("Rows"), total=_("Total"), totals_sheet=_("Totals"))
    out = io.BytesIO()
    if form == "xlsx":
        write_xlsx(out, name, columns, rows, words)
    else:
        text = io.StringIO(newline="")
        write_csv(text, columns, rows, words)
        out = io.BytesIO(text.getvalue().encode())
    out.seek(0)
    safe = "".join(c if c.isalnum() or c in " -_" else "-" for c in name)[:80]
    return send_file(out, mimetype=MEDIA[form], as_attachment=True, download_name=f"{safe}.{form}", max_age=0)
