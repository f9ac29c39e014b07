"""The auditor's sample: so many entries of a year at random, the same again by its seed, on a page and as XLSX."""

from __future__ import annotations

import io
import secrets
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.dates import local_date
from app.base.references import code_of
from app.extensions import now
from app.finance import sample
from app.finance.periods import FiscalYear, fiscal_year_of
from app.finance.views import bp
from app.finance.views.exports import attachment
from app.finance.views.income import chosen_year
from app.organisation.queries import profile
from app.sheets.columns import Words
from app.sheets.reading import XLSX
from app.sheets.xlsx_writer import write_xlsx
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, requires


@bp.get("/finance/sample")
@requires(Permission.FINANCE_READ)
def sample_page() -> ResponseReturnValue:
    """Without a seed in the address one is made, so that the address of a sample always draws it again."""
    this_year = fiscal_year_of(local_date(now()), profile().fiscal_year_start)
    year = chosen_year(this_year)
    asked = _asked(year)
    if not request.args.get("seed"):
        return redirect(url_for("finance.sample_page", **asked), 303)
    return render_template(
        "finance/sample.html", year=year, asked=asked, drawn=_draw(year, asked), code_of=code_of,
        years=range(this_year.year, this_year.year - 8, -1), most=sample.MOST,
    )  # fmt: skip


@bp.get("/finance/sample.xlsx")
@requires(Permission.FINANCE_READ)
def sample_file() -> ResponseReturnValue:
    """The sample with its lines, what proves each entry, and columns to note what was seen."""
    year = chosen_year(fiscal_year_of(local_date(now()), profile().fiscal_year_start))
    asked = _asked(year)
    drawn = _draw(year, asked)
    facts = (
        (_("Fiscal year"), str(year.year)), (_("Seed"), asked["seed"]), (_("Last entry"), str(asked["last"])),
        (_("Drawn from"), str(drawn.drawn_from)), (_("Entries"), str(len(drawn.entries))),
    )  # fmt: skip
    words = Words(rows=_("Number of rows"), total=_("Total"), totals_sheet=_("Control totals"), facts=facts)
    out = io.BytesIO()
    write_xlsx(out, _("Sample"), sample.columns(), sample.rows(drawn, language()), words)
    size = out.tell()
    out.seek(0)
    return attachment(out, size, f"sample-{year.year}-{asked['seed']}.xlsx", XLSX)


def _asked(year: FiscalYear) -> dict[str, Any]:
    """Year, count, seed and last entry of the address, or what stands for them; 400 where they are none."""
    count, last = request.args.get("count") or "25", lists.row_id("last")
    seed = (request.args.get("seed") or secrets.token_hex(4)).strip()[:40]
    if (
        not (count.isascii() and count.isdigit() and len(count) <= 9 and 1 <= int(count) <= sample.MOST)
        or not seed.isprintable()
    ):
        abort(400)
    return {
        "year": year.year, "count": int(count), "seed": seed,
        "last": sample.newest(year.period) if last is None else last,
    }  # fmt: skip


def _draw(year: FiscalYear, asked: dict[str, Any]) -> sample.Sample:
    return sample.draw(year.period, count=asked["count"], seed=asked["seed"], last=asked["last"])
