"""Writing a mailing, seeing it as recipients will, sending it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from app.base.states import N_
from app.extensions import db, now, writing
from app.letters import services
from app.letters.forms import MailingForm
from app.letters.models import Mailing, MailingState
from app.letters.public_views import bp
from app.outbox.rendering import render
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, requires

SORTS = {"new": lists.Sort(N_("Written"), (lists.desc(Mailing.id),))}


@bp.get("/mailings")
@requires(Permission.SUPPORTERS_WRITE)
def index() -> ResponseReturnValue:
    page = lists.page(select(Mailing), SORTS, key=Mailing.id, default="new")
    return render_template("letters/index.html", page=page)


@bp.route("/mailings/new", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def new() -> ResponseReturnValue:
    return _form(MailingForm(), None)


@bp.route("/mailings/<int:mailing_id>/edit", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def edit(mailing_id: int) -> ResponseReturnValue:
    mailing = services.find(mailing_id)
    fields = ("subject", "body", "subject_en", "body_en")
    return _form(MailingForm(data={f: getattr(mailing, f) for f in fields}), mailing_id)


def _form(form: MailingForm, mailing_id: int | None) -> ResponseReturnValue:
    if form.validate_on_submit():
        with writing():
            written = services.write(
                mailing_id, subject=form.subject.data or "", body=form.body.data or "",
                subject_en=form.subject_en.data or "", body_en=form.body_en.data or "",
                actor=current_user.actor, now=now(),
            )  # fmt: skip
        flash(_("The mailing is kept. Nothing was sent yet."), "ok")
        return redirect(url_for("letters.show", mailing_id=written), 303)
    return render_template("letters/form.html", form=form, mailing_id=mailing_id), form.status


@bp.get("/mailings/<int:mailing_id>")
@requires(Permission.SUPPORTERS_WRITE)
def show(mailing_id: int) -> ResponseReturnValue:
    """The mailing as recipients see it, how many they are, and what can be done with it."""
    mailing = services.find(mailing_id)
    looks = [
        render(services.TEMPLATE, services.content(mailing, code) | {"token": "x" * 27}, code)
        for code in (["nl", "en"] if mailing.body_en else ["nl"])
    ]
    shown: dict[str, Any] = {"mailing": mailing, "looks": looks, "states": MailingState}
    shown["audience"] = services.count_audience()
    db.session.rollback()
    return render_template("letters/show.html", **shown)


@bp.post("/mailings/<int:mailing_id>/test")
@requires(Permission.SUPPORTERS_WRITE)
def send_test(mailing_id: int) -> ResponseReturnValue:
    with writing():
        services.send_test(mailing_id, current_user.email, language=language(), actor=current_user.actor, now=now())
    flash(_("A test is on its way to your own address."), "ok")
    return redirect(url_for("letters.show", mailing_id=mailing_id), 303)


@bp.post("/mailings/<int:mailing_id>/start")
@requires(Permission.SUPPORTERS_WRITE)
def start(mailing_id: int) -> ResponseReturnValue:
    with writing():
        services.start(mailing_id, actor=current_user.actor, now=now())
    flash(_("Sending has begun. You can leave this page."), "ok")
    return redirect(url_for("letters.show", mailing_id=mailing_id), 303)


@bp.post("/mailings/<int:mailing_id>/stop")
@requires(Permission.SUPPORTERS_WRITE)
def stop(mailing_id: int) -> ResponseReturnValue:
    with writing():
        services.stop(mailing_id, actor=current_user.actor, now=now())
    flash(_("Stopped. What was queued already still goes out."), "ok")
    return redirect(url_for("letters.show", mailing_id=mailing_id), 303)
