"""The list of reports; one report as page, CSV, XLSX or PDF."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from flask import abort, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.audit.services import record
from app.base.dates import local_date
from app.base.ids import new_id
from app.extensions import db, now, writing
from app.finance.periods import fiscal_year_of
from app.finance.reports.catalogue import REPORTS
from app.finance.reports.files import MAKERS, shown
from app.finance.reports.shape import Asked, Bars, Kept, Link
from app.finance.views import bp
from app.finance.views.exports import attachment
from app.finance.views.income import chosen_span, chosen_year, part_name, part_options
from app.ledger import queries
from app.organisation.queries import profile
from app.ui.languages import language
from app.ui.permissions import Permission, may, may_open, requires


@bp.get("/finance/reports")
@requires(Permission.FINANCE_READ)
def reports() -> ResponseReturnValue:
    """The reports there are, each with what it answers."""
    return render_template("finance/reports/index.html", reports=REPORTS)


@bp.get("/finance/reports/<name>")
@requires(Permission.FINANCE_READ)
def report(name: str) -> ResponseReturnValue:
    """One report, of a fiscal year or a part of it."""
    kept = _kept(name)
    asked = _asked()
    today_year = fiscal_year_of(local_date(now()), profile().fiscal_year_start)
    return render_template(
        "finance/reports/report.html", name=name, kept=kept, report=kept.make(asked), asked=asked,
        years=[(y, y) for y in _years(today_year.year, asked.span.year.year)], parts=part_options(asked.span.year),
        shown=lambda value, kind: shown(value, kind, asked.language), is_bars=lambda chart: isinstance(chart, Bars),
        address=_addresses(), formats=list(MAKERS),
    )  # fmt: skip


@bp.get("/finance/reports/<name>.<extension>")
@requires(Permission.EXPORTS_FIGURES)
def report_file(name: str, extension: str) -> ResponseReturnValue:
    """The same as a file; taking it out is in the trail."""
    kept = _kept(name)
    if extension not in MAKERS:
        abort(404)
    make, media_type = MAKERS[extension]
    asked = replace(_asked(may(Permission.EXPORTS_PERSONAL)), in_file=True)
    found = kept.make(asked)
    db.session.rollback()
    content = make(found, local_date(now()), asked.language)
    with writing():
        record(
            "export.made", ("export", new_id()), actor=current_user.actor, now=now(),
            changes={
                "export": f"report-{name}", "format": extension, "period": asked.period, "personal": asked.names,
                "sha256": hashlib.sha256(content).hexdigest(),
            },
        )  # fmt: skip
    span = asked.span
    days = f"{span.start:%Y%m}-{span.months[-1]:%Y%m}" if kept.by_period else f"{local_date(now()):%Y%m%d}"
    return attachment(io.BytesIO(content), len(content), f"{name}-{days}.{extension}", media_type)


def _kept(name: str) -> Kept:
    return REPORTS.get(name) or abort(404)


def _asked(names: bool | None = None) -> Asked:
    year = chosen_year(fiscal_year_of(local_date(now()), profile().fiscal_year_start))
    span = chosen_span(year)
    if not span.months:  # a month of another year
        abort(400)
    return Asked(span, part_name(span), language(), may(Permission.SUPPORTERS_READ) if names is None else names)


def _years(*also: int) -> list[int]:
    """The fiscal years with anything booked in them, newest first."""
    span = queries.booked_months()
    first_month = profile().fiscal_year_start
    known = [fiscal_year_of(month, first_month).year for month in span or ()]
    return list(range(max(*also, *known), min(*also, *known) - 1, -1))


def _addresses() -> Callable[[Link | None], str]:
    """Where a figure leads; nowhere for who may not go there. Asked once for each kind of page, not for each row."""
    opens = lru_cache(may_open)
    return lambda link: url_for(link[0], **link[1]) if link and opens(link[0]) else ""
