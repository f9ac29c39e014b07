"""What partners owe us for sub-grants, over all grants, and a reminder to all who are late with one click."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from app.base.dates import local_date
from app.base.states import N_
from app.extensions import now, writing
from app.grants.blueprint import bp
from app.grants.pages import tabs
from app.grants.partners import everywhere, mails
from app.grants.partners.everywhere import Standing
from app.grants.partners.models import SubGrantDuty
from app.ui import lists
from app.ui.permissions import Permission, requires

SORTS = {
    "due": lists.Sort(N_("Due"), (lists.asc(SubGrantDuty.due_on),)),
    "partner": lists.Sort(N_("Partner"), (lists.asc(everywhere.PARTNER_NAME), lists.asc(SubGrantDuty.due_on))),
}


@bp.get("/grants/partner-duties")
@requires(Permission.GRANTS_READ)
def partner_duties() -> ResponseReturnValue:
    """What every partner still owes us for a sub-grant, and what waits for us to read."""
    today = local_date(now())
    q, standing = lists.search_text(), lists.choice("standing", Standing)
    chosen = everywhere.listing()
    if q:
        chosen = chosen.where(everywhere.matches(q))
    if standing:
        chosen = chosen.where(everywhere.standing(Standing(standing), today))
    page = lists.page(chosen, SORTS, key=SubGrantDuty.id, default="due")
    options = [(Standing.LATE, _("Too late")), (Standing.COMING, _("Coming")), (Standing.TO_READ, _("To read"))]
    return render_template(
        "grants/partner_duties.html",
        tabs=tabs(),
        page=page,
        lines=[everywhere.line_of(row) for row in page.rows],
        q=q,
        filters=[{"name": "standing", "label": _("Standing"), "value": standing, "options": options}],
        counts=everywhere.counts(today),
        today=today,
    )


@bp.post("/grants/partner-duties/remind-late")
@requires(Permission.GRANTS_WRITE)
def remind_late_duties() -> ResponseReturnValue:
    """A friendly mail to every partner who is late with what it owes us and was not reminded today."""
    at = now()
    with writing():
        late = everywhere.late_sub_grants(local_date(at))
        reachable = [row_id for row_id in late if mails.has_address(row_id)]
        for sub_grant_id in reachable:
            mails.remind(sub_grant_id, actor=current_user.actor, now=at)
    sent = len(reachable)
    flash(ngettext("%(num)d reminder is on its way.", "%(num)d reminders are on their way.", sent), "ok")
    if missing := len(late) - sent:
        told = ngettext("%(num)d partner has no e-mail address.", "%(num)d partners have no e-mail address.", missing)
        flash(told, "warn")
    return redirect(url_for("grants.partner_duties"), 303)
