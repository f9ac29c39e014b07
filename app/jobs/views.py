"""Work that was given up, for administrators: what it was, why, and once more."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.extensions import now, writing
from app.jobs import queries, services
from app.ui.permissions import Permission, requires

bp = Blueprint("jobs", __name__)


@bp.get("/jobs")
@requires(Permission.JOBS_MANAGE)
def index() -> ResponseReturnValue:
    """What failed too often, oldest first. Only the kind of the fault: its words may hold what a donor wrote."""
    return render_template("jobs/index.html", jobs=queries.given_up())


@bp.post("/jobs/<int:job_id>/again")
@requires(Permission.JOBS_MANAGE)
def again(job_id: int) -> ResponseReturnValue:
    """Put one back in the queue."""
    with writing():
        services.again(job_id, actor=current_user.actor, now=now())
    flash(_("It is tried again within a minute."), "ok")
    return redirect(url_for("jobs.index"), 303)
