"""The personal calendar address, and the feed behind it."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import current_user

from app.audit import services as audit
from app.base.dates import local_date
from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import now, settings, writing
from app.grants.blueprint import bp
from app.grants.calendar import feed, queries
from app.grants.calendar.time_views import chosen_filters
from app.links import services as links
from app.staff.queries import find
from app.ui.permissions import ROLE_PERMISSIONS, Permission, requires


@bp.get("/grants/calendar")
@requires(Permission.GRANTS_READ)
def calendar() -> ResponseReturnValue:
    """How to get the deadlines in one's own calendar."""
    return render_template(
        "grants/calendar.html", address=None, has_one=queries.has_address(current_user.id), **_filtered()
    )


def _filtered() -> dict[str, object]:
    """The filters that came along from a page, as they stand in an address."""
    given = chosen_filters().given
    return {"given": given, "query": urlencode(given)}


@bp.post("/grants/calendar")
@requires(Permission.GRANTS_READ)
def renew_calendar() -> ResponseReturnValue:
    """A new secret address, shown once; the old one stops."""
    staff_id, at = current_user.id, now()
    with writing():
        links.revoke(queries.PURPOSE, staff_id, now=at)
        token = links.issue(queries.PURPOSE, staff_id, now=at, lifetime=None, single_use=False)
        audit.record("calendar.address_made", ("staff", staff_id), actor=current_user.actor, now=at)
    address = settings().public_url + url_for("grants.calendar_feed", token=token)
    page = Response(render_template("grants/calendar.html", address=address, has_one=True, **_filtered()))
    page.headers["Cache-Control"] = "no-store"
    return page


@bp.post("/grants/calendar/stop")
@requires(Permission.GRANTS_READ)
def stop_calendar() -> ResponseReturnValue:
    """The address stops working."""
    staff_id, at = current_user.id, now()
    with writing():
        links.revoke(queries.PURPOSE, staff_id, now=at)
        audit.record("calendar.address_stopped", ("staff", staff_id), actor=current_user.actor, now=at)
    flash(_("The address no longer works."), "ok")
    return redirect(url_for("grants.calendar"), 303)


@bp.get("/calendar/<token>.ics")
def calendar_feed(token: str) -> ResponseReturnValue:
    """The feed behind a secret address; it lives as long as the address and the account do."""
    at = now()
    person = find(links.look(queries.PURPOSE, token, now=at).subject_id)
    if person is None or not person.active or Permission.GRANTS_READ not in ROLE_PERMISSIONS[person.role]:
        raise NotFound(N_("This is not here, or not any more."))
    today, filters = local_date(at), chosen_filters()
    money = Permission.FINANCE_WRITE in ROLE_PERMISSIONS[person.role]
    with force_locale(person.language):
        # The address as it is: one's own. With a filter in it: everything that passes, as on the pages.
        if filters.given or request.args.get("whose") == "all":
            entries = queries.entries(filters, today - queries.BACK, today + queries.AHEAD, language=person.language)
        else:
            entries = queries.entries_of(person.id, today, all_money=money, language=person.language)
        content = feed.file_of(entries, at=at)
    response = Response(content, mimetype="text/calendar")
    response.headers["Content-Disposition"] = 'inline; filename="draagvlak.ics"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
