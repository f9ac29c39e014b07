"""Time seen in four ways: as a timeline, a month, a table, and as files. One set of filters for all."""

from __future__ import annotations

import calendar
import io
from datetime import date
from typing import Any

from flask import Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from app.base.business_days import holidays
from app.base.dates import add_months, days, local_date, month_end, month_name, month_start
from app.base.states import N_
from app.extensions import now
from app.grants import choices
from app.grants.awards.models import Grant
from app.grants.blueprint import bp
from app.grants.calendar import dates, feed, queries, timeline, window
from app.grants.calendar.dates import Filters
from app.grants.calendar.window import Zoom
from app.grants.funders import queries as funders
from app.grants.pages import tabs
from app.sheets.columns import Column, Kind, Words
from app.sheets.csv_writer import write_csv
from app.supporters.models import Supporter
from app.ui import filters as shown
from app.ui import lists
from app.ui.permissions import Permission, requires

IN_MONTH, IN_FILE = 150, 50_000  # of each kind
IN_TABLE = 50  # in all
LONGEST = days(5 * 366)
SORTS = {
    "ends": lists.Sort(N_("Ends"), (lists.asc(Grant.ends_on),)),
    "starts": lists.Sort(N_("Starts"), (lists.asc(Grant.starts_on),)),
    "funder": lists.Sort(N_("Funder"), (lists.asc(Supporter.sort_key), lists.asc(Grant.starts_on))),
}


def chosen_filters() -> Filters:
    return Filters(
        funder_id=lists.row_id("funder"), programme_id=lists.row_id("programme"), person_id=lists.row_id("person")
    )


def _filter_fields(filters: Filters) -> list[dict[str, Any]]:
    fields = (
        ("funder", _("Funder"), filters.funder_id, funders.choices()),
        ("programme", _("Programme"), filters.programme_id, choices.programme_pairs()[1:]),
        ("person", _("Person"), filters.person_id, choices.people()[1:]),
    )
    return [
        {"name": name, "label": label, "value": value or "", "options": options}
        for name, label, value, options in fields
    ]


def _views(filters: Filters) -> list[dict[str, Any]]:
    """The ways to look, the filters kept."""
    ways = ((_("Timeline"), "grants.timeline"), (_("Month"), "grants.month"), (_("Table"), "grants.dates"))
    return [
        {"label": label, "url": url_for(endpoint, **filters.given), "current": request.endpoint == endpoint}  # type: ignore[arg-type]
        for label, endpoint in ways
    ]


@bp.get("/grants/timeline", endpoint="timeline")
@requires(Permission.GRANTS_READ)
def timeline_page() -> ResponseReturnValue:
    """Grants as bars; obligations and instalments as marks that lead to their record."""
    today, language, filters = local_date(now()), str(get_locale()), chosen_filters()
    zoom = Zoom(lists.choice("zoom", Zoom, Zoom.YEAR.value))
    seen = window.window(zoom, lists.day("from"), today)
    page = lists.page(timeline.grants_in(filters, seen), SORTS, key=Grant.id, default="ends", size=timeline.ROWS)
    step = {"after": None, "before": None}
    return render_template(
        "grants/timeline.html",
        tabs=tabs(),
        views=_views(filters),
        filters=_filter_fields(filters),
        given=filters.given,
        page=page,
        rows=timeline.rows_of(page.rows, seen, today),
        window=seen,
        title=seen.title(language),
        ticks=seen.ticks(language),
        free=seen.free_days(),
        today=today,
        zooms=[(each, lists.here(zoom=each.value, **step)) for each in Zoom],
        earlier=lists.here(**step, **{"from": seen.shifted(-1)}) if seen.shifted(-1) else None,
        later=lists.here(**step, **{"from": seen.shifted(1)}) if seen.shifted(1) else None,
        around_today=lists.here(**step, **{"from": None}),
        told=seen.told(language),
    )


@bp.get("/grants/month")
@requires(Permission.GRANTS_READ)
def month() -> ResponseReturnValue:
    """A calendar of one month, Dutch holidays in it."""
    today, language, filters = local_date(now()), str(get_locale()), chosen_filters()
    first = month_start(lists.day("from") or today)
    if not window.FIRST <= first <= window.LAST:
        abort(400)
    events = dates.between(filters, first, month_end(first), today=today, limit=IN_MONTH)
    by_day: dict[date, list[dates.Event]] = {}
    for event in events:
        by_day.setdefault(event.day, []).append(event)
    return render_template(
        "grants/month.html",
        tabs=tabs(),
        views=_views(filters),
        filters=_filter_fields(filters),
        first=first,
        title=f"{month_name(first.month, language)} {first.year}",
        weeks=calendar.Calendar().monthdatescalendar(first.year, first.month),
        by_day=by_day,
        holidays={day: _(name) for day, name in holidays(first.year).items()},
        today=today,
        earlier=lists.here(**{"from": add_months(first, -1)}),
        later=lists.here(**{"from": add_months(first, 1)}),
        around_today=lists.here(**{"from": None}),
        full=len(events) >= IN_MONTH,
    )


@bp.get("/grants/dates", endpoint="dates")
@requires(Permission.GRANTS_READ)
def dates_page() -> ResponseReturnValue:
    """The same as a table; a period of a quarter unless asked otherwise."""
    today, filters = local_date(now()), chosen_filters()
    start, end = _period(today)
    events = dates.between(filters, start, end, today=today, limit=IN_TABLE + 1)
    # Where the next table begins: on the last day shown, so that nothing of it is missed.
    further = events[IN_TABLE].day if len(events) > IN_TABLE and events[IN_TABLE].day > start else None
    period = {"from": start.isoformat(), "to": end.isoformat()}
    return render_template(
        "grants/dates.html",
        tabs=tabs(),
        views=_views(filters),
        filters=[
            *_filter_fields(filters),
            {"name": "from", "label": _("From"), "value": start, "type": "date"},
            {"name": "to", "label": _("Up to and including"), "value": end, "type": "date"},
        ],
        events=events[:IN_TABLE],
        full=len(events) > IN_TABLE,
        further=lists.here(**{"from": further, "to": end}) if further else None,
        csv=url_for("grants.dates_csv", **filters.given, **period),  # type: ignore[arg-type]
        ics=url_for("grants.dates_ics", **filters.given, **period),  # type: ignore[arg-type]
        today=today,
    )


def _period(today: date) -> tuple[date, date]:
    """The period asked for: never backwards, never longer than five years."""
    start = lists.day("from") or month_start(today)
    end = lists.day("to") or month_end(add_months(start, 2))
    if end < start:
        start, end = end, start
    return start, min(end, start + LONGEST)


@bp.get("/grants/dates.csv")
@requires(Permission.GRANTS_READ)
def dates_csv() -> ResponseReturnValue:
    """The table as a file for a spreadsheet."""
    today, filters = local_date(now()), chosen_filters()
    start, end = _period(today)
    events = dates.between(filters, start, end, today=today, limit=IN_FILE)
    columns = [
        Column(_("Date"), Kind.DATE),
        Column(_("What")),
        Column(_("Title"), width=40),
        Column(_("Funder"), width=30),
        Column(_("Grant or application"), width=40),
        Column(_("Who")),
        Column(_("State")),
        Column(_("Amount"), Kind.AMOUNT, total=True),
    ]
    rows = ((e.day, shown.label(e.what), e.title, e.funder, e.subject, e.who, e.state, e.cents) for e in events)
    file = io.StringIO(newline="")
    write_csv(file, columns, rows, Words(rows=_("Rows"), total=_("Total"), totals_sheet=_("Totals")))
    return _file(file.getvalue().encode(), "text/csv", f"{_('dates')}-{start.isoformat()}.csv")


@bp.get("/grants/dates.ics")
@requires(Permission.GRANTS_READ)
def dates_ics() -> ResponseReturnValue:
    """The table as a calendar file, to read in once; the address of one's own keeps itself up to date."""
    today, filters = local_date(now()), chosen_filters()
    start, end = _period(today)
    entries = queries.entries(filters, start, end, language=str(get_locale()))
    return _file(feed.file_of(entries, at=now()), "text/calendar", "draagvlak.ics")


def _file(content: bytes, media_type: str, name: str) -> Response:
    response = Response(content, content_type=f"{media_type}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
