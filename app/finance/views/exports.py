"""Exports: a page to choose from, and the files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from flask import Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.extensions import now
from app.finance.exports.files import SHEETS, Format, make
from app.finance.exports.sheet import Wanted
from app.finance.periods import Period, read_period
from app.finance.views import bp
from app.ui import lists
from app.ui.languages import language
from app.ui.messages import translated
from app.ui.permissions import Permission, may, requires


def _period() -> Period:
    return read_period(request.args.get("from"), request.args.get("to"), today=local_date(now()))


@bp.get("/finance/exports")
@requires(Permission.EXPORTS_FIGURES)
def exports() -> ResponseReturnValue:
    error, status = "", 200
    try:
        period = _period()
    except Invalid as wrong:
        error, status = translated(wrong), wrong.status
        period = read_period(None, None, today=local_date(now()))
    typed = {name: request.args.get(name, "")[:20] for name in ("from", "to")}
    page = render_template(
        "finance/exports.html", period=period, kinds=list(SHEETS), error=error, typed=typed, export_url=_export_url
    )
    return page, status


def _export_url(kind: str, extension: str, period: Period, variant: str | None = None) -> str:
    asked: dict[str, Any] = {"from": period.start, "to": period.end, "variant": variant}
    return url_for("finance.export", kind=kind, extension=extension, **asked)


@bp.get("/finance/exports/<kind>.<extension>")
@requires(Permission.EXPORTS_FIGURES)
def export(kind: str, extension: str) -> ResponseReturnValue:
    """The file. Who may not see donors' personal data gets it without the columns that tell who gave."""
    variant = lists.choice("variant", ["plain"])
    formats = {"csv": Format.CSV_PLAIN if variant else Format.CSV, "xlsx": Format.XLSX}
    if kind not in SHEETS or extension not in formats:
        abort(404)
    wanted = Wanted(_period(), may(Permission.EXPORTS_PERSONAL), language())
    made = make(kind, wanted, formats[extension], actor=current_user.actor, now=now())
    return attachment(made.file, made.size, made.name, formats[extension].media_type)


def attachment(file: IO[bytes], size: int, name: str, content_type: str) -> Response:
    """A file to keep, sent from its start and closed when it is sent or given up."""
    response = Response(_pieces(file), content_type=content_type)
    response.call_on_close(file.close)
    response.content_length = size
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The file, 64 kB at a time, and closed (it is gone then) as soon as it is read."""
    with file:
        while piece := file.read(1 << 16):
            yield piece
