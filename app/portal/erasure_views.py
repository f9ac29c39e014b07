"""A donor asks to be erased: what goes, what stays and why, what still runs; and taking the request back."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.dates import add_months, local_date
from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db, limits, now, writing
from app.portal import overview
from app.portal.entering import DONOR
from app.portal.guard import bp, donor_only
from app.portal.sessions import Donor
from app.privacy import erasing, erasure
from app.privacy.erasure_models import Source

TIMES, WINDOW = 10, 3600


@bp.get("/mijn-giften/wissen", endpoint="erasure")
@donor_only
def show(donor: Donor) -> ResponseReturnValue:
    """What it means to be erased, and the button that asks for it."""
    return render_template(
        "portal/erasure.html", donor=donor, asked=erasure.open_of(donor.id), kept=erasing.kept([donor.id]),
        by=add_months(local_date(now()), erasure.MONTHS), agreements=overview.agreements_of(donor.id),
        recurring=[each for each in overview.recurring_of(donor.id) if not each.is_over or each.under_way],
    )  # fmt: skip


@bp.post("/mijn-giften/wissen")
@donor_only
def ask_erasure(donor: Donor) -> ResponseReturnValue:
    """Ask; a second time is the same request."""
    db.session.rollback()
    limits.hit("portal erasure", str(donor.id), TIMES, WINDOW)
    with writing():
        erasure.ask(donor.id, Source.PORTAL, actor=DONOR, now=now())
    flash(_("We have your request. You get a mail that says so."), "ok")
    return redirect(url_for("portal.erasure"), 303)


@bp.post("/mijn-giften/wissen/laat-maar")
@donor_only
def withdraw_erasure(donor: Donor) -> ResponseReturnValue:
    """Stay after all."""
    db.session.rollback()
    limits.hit("portal erasure", str(donor.id), TIMES, WINDOW)
    with writing():
        one = erasure.open_of(donor.id)
        if one is None:
            raise NotFound(N_("There is no such request."))
        erasure.withdraw(one.id, actor=DONOR, now=now())
    flash(_("Your request is withdrawn. Everything stays as it was."), "ok")
    return redirect(url_for("portal.home"), 303)
