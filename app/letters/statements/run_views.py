"""Annual statements of a year for all donors: begun, watched, taken out as a ZIP, told to donors."""

from __future__ import annotations

from flask import flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select

from app.base.dates import local_date
from app.base.errors import DomainError
from app.extensions import db, now, writing
from app.letters.statements import keeping, runs, telling
from app.letters.statements.forms import YearForm
from app.letters.statements.models import Outcome, RunState, StatementItem, StatementRun, Why
from app.letters.statements.views import bp
from app.supporters import queries as supporters
from app.ui.permissions import Permission, requires

YEARS, SHOWN = 8, 50
TONES = {RunState.RUNNING: "accent", RunState.STOPPED: "warn", RunState.DONE: "ok"}


@bp.get("/statements")
@requires(Permission.GIFTS_READ)
def year_index() -> ResponseReturnValue:
    """What was made, newest first, and the form to make a year."""
    today = local_date(now())
    return _index(YearForm(formdata=None, data={"year": str(today.year if today.month > 11 else today.year - 1)}))


@bp.post("/statements")
@requires(Permission.GIFTS_WRITE)
def year_begin() -> ResponseReturnValue:
    """Begin with a year; the worker makes them."""
    form = YearForm()
    form.choose(_years())
    if not form.validate():
        return _index(form)
    try:
        with writing():
            run_id = runs.begin(int(form.year.data), copies=bool(form.copies.data), actor=current_user.actor, now=now())
            runs.proceed(run_id, now=now())
    except DomainError as error:
        form.add_error(error)
        return _index(form)
    flash(_("They are being made. You can leave this page."), "ok")
    return redirect(url_for("statements.year", run_id=run_id), 303)


def _years() -> list[int]:
    this = local_date(now()).year
    return list(range(this, this - YEARS, -1))


def _index(form: YearForm) -> ResponseReturnValue:
    form.choose(_years())
    rows = list(db.session.scalars(select(StatementRun).order_by(StatementRun.id.desc()).limit(SHOWN)))
    page = render_template(
        "letters/statements/years.html", form=form, rows=rows, tones=TONES, counted=runs.counted([r.id for r in rows])
    )
    return page, form.status


@bp.get("/statements/<int:run_id>")
@requires(Permission.GIFTS_READ)
def year(run_id: int) -> ResponseReturnValue:
    """How far it is: made, skipped and failed, and why."""
    run = runs.find(run_id)
    mine = StatementItem.run_id == run_id
    whys = select(StatementItem.why, func.count()).where(mine, StatementItem.why.is_not(None))
    failed = select(StatementItem.supporter_id, StatementItem.why).where(mine, StatementItem.outcome == Outcome.FAILED)
    lost = db.session.execute(failed.order_by(StatementItem.supporter_id).limit(SHOWN)).all()
    return render_template(
        "letters/statements/year.html", run=run, tones=TONES, counted=runs.counted([run_id])[run_id],
        whys=[(Why(why), n) for why, n in db.session.execute(whys.group_by(StatementItem.why)).all() if why], lost=lost,
        names=supporters.names([row.supporter_id for row in lost]), untold=telling.untold(run_id),
        told=telling.told(run_id), kept=keeping.KEPT,
    )  # fmt: skip


@bp.post("/statements/<int:run_id>/stop")
@requires(Permission.GIFTS_WRITE)
def year_stop(run_id: int) -> ResponseReturnValue:
    with writing():
        runs.stop(run_id, actor=current_user.actor, now=now())
    flash(_("Stopped. Nothing is lost: it can go on where it was."), "ok")
    return redirect(url_for("statements.year", run_id=run_id), 303)


@bp.post("/statements/<int:run_id>/go-on")
@requires(Permission.GIFTS_WRITE)
def year_go_on(run_id: int) -> ResponseReturnValue:
    """Go on where it was stopped, or try those again that failed."""
    with writing():
        runs.go_on(run_id, actor=current_user.actor, now=now())
        runs.proceed(run_id, now=now())
    flash(_("They are being made. You can leave this page."), "ok")
    return redirect(url_for("statements.year", run_id=run_id), 303)


@bp.post("/statements/<int:run_id>/tell")
@requires(Permission.GIFTS_WRITE)
def year_tell(run_id: int) -> ResponseReturnValue:
    """Mail who has a mailbox; put the others on the print list."""
    with writing():
        telling.tell(run_id, actor=current_user.actor, now=now())
    flash(_("The mails are on their way, and the letters on the print list."), "ok")
    return redirect(url_for("statements.year", run_id=run_id), 303)


@bp.post("/statements/<int:run_id>/statements.zip")
@requires(Permission.EXPORTS_PERSONAL)
def year_zip(run_id: int) -> ResponseReturnValue:
    """All PDFs of it in one file."""
    name = _("annual-statements") + f"-{runs.find(run_id).year}.zip"
    file = keeping.zipped(run_id, actor=current_user.actor, now=now())
    return send_file(file, mimetype="application/zip", as_attachment=True, download_name=name, max_age=0)
