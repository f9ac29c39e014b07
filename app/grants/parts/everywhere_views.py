"""The lead's board over all grants: who is late, at a glance, and a reminder with one click."""

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
from app.grants.parts import everywhere, tasks
from app.grants.parts.everywhere import Standing
from app.grants.parts.models import PartChain, PartTask
from app.ui import lists
from app.ui.permissions import Permission, requires

SORTS = {
    "due": lists.Sort(N_("Partner delivers"), (lists.asc(PartChain.partner_due_on),)),
    "partner": lists.Sort(N_("Partner"), (lists.asc(everywhere.PARTNER_NAME), lists.asc(PartChain.partner_due_on))),
}


@bp.get("/grants/partner-parts")
@requires(Permission.GRANTS_READ)
def partner_parts() -> ResponseReturnValue:
    """How every partner stands in every report that is not with the funder yet."""
    today = local_date(now())
    q, standing = lists.search_text(), lists.choice("standing", Standing)
    chosen = everywhere.listing()
    if q:
        chosen = chosen.where(everywhere.matches(q))
    if standing:
        chosen = chosen.where(everywhere.standing(Standing(standing), today))
    page = lists.page(chosen, SORTS, key=PartTask.id, default="due")
    lines = [everywhere.line_of(row) for row in page.rows]
    options = [(Standing.LATE, _("Too late")), (Standing.WRITING, _("Still writing")), (Standing.TO_READ, _("To read"))]
    return render_template(
        "grants/partner_parts.html",
        tabs=tabs(),
        page=page,
        lines=lines,
        q=q,
        filters=[{"name": "standing", "label": _("Standing"), "value": standing, "options": options}],
        counts=everywhere.counts(today),
        today=today,
    )


@bp.post("/grants/partner-parts/remind-late")
@requires(Permission.GRANTS_WRITE)
def remind_late() -> ResponseReturnValue:
    """A friendly mail to every partner who is late and was not reminded today."""
    at = now()
    with writing():
        late = everywhere.late_tasks(local_date(at))
        for task_id in late:
            tasks.remind(task_id, actor=current_user.actor, now=at)
    flash(ngettext("%(num)d reminder is on its way.", "%(num)d reminders are on their way.", len(late)), "ok")
    return redirect(url_for("grants.partner_parts"), 303)
