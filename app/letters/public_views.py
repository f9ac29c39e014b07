"""Blijf op de hoogte: signing up, confirming from the mailbox, leaving. A GET never changes anything."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_wtf.csrf import validate_csrf
from wtforms import ValidationError

from app.base.errors import Forbidden
from app.base.states import N_
from app.extensions import csrf, limits, now, writing
from app.letters.forms import PlainForm, SignUpForm
from app.supporters import newsletter
from app.ui.languages import language
from app.vault.services import blind_index

bp = Blueprint("letters", __name__)

TRIES, WINDOW = 10, 3600  # sign-ups from one network address in an hour


@bp.route("/blijf-op-de-hoogte", methods=["GET", "POST"])
def sign_up() -> ResponseReturnValue:
    return _sign_up("letters.sign_up", "letters.sent")


@bp.route("/en/stay-informed", methods=["GET", "POST"], endpoint="sign_up_en")
def sign_up_en() -> ResponseReturnValue:
    return _sign_up("letters.sign_up_en", "letters.sent_en")


def _sign_up(here: str, there: str) -> ResponseReturnValue:
    """The same answer for every address, known or not: look in your mailbox."""
    form = SignUpForm()
    if form.validate_on_submit():
        limits.hit("newsletter", limits.visitor(), TRIES, WINDOW)
        asked_from = blind_index(limits.visitor(), "network-address").hex()[:32]
        with writing():
            newsletter.request(
                form.email.data or "", form.first_name.data or "", language(), "website", now(), asked_from=asked_from
            )
        return redirect(url_for(there), 303)
    return render_template("letters/sign_up.html", form=form, action=url_for(here)), form.status


@bp.get("/blijf-op-de-hoogte/verstuurd")
def sent() -> ResponseReturnValue:
    return render_template("letters/sent.html", days=newsletter.LIFETIME.days)


@bp.get("/en/stay-informed/sent")
def sent_en() -> ResponseReturnValue:
    return render_template("letters/sent.html", days=newsletter.LIFETIME.days)


@bp.route("/nieuws/bevestigen/<token>", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """GET shows a button, POST confirms: mail scanners open links before people do."""
    pending = newsletter.pending(token, now=now())
    form = PlainForm()
    if form.validate_on_submit():
        with writing():
            newsletter.confirm(token, now=now())
        with force_locale(pending.language):
            return render_template("letters/confirmed.html", email=pending.email)
    with force_locale(pending.language):
        page = render_template("letters/confirm.html", form=form, email=newsletter.mask(pending.email))
    return page, form.status


@bp.route("/nieuws/afmelden/<token>", methods=["GET", "POST"])
@csrf.exempt  # type: ignore[untyped-decorator]
def leave(token: str) -> ResponseReturnValue:
    """GET tells where things stand, POST leaves. Mail programs post by themselves (RFC 8058), with
    no cookie and so no CSRF token; every other post must carry ours. The link may be used again."""
    standing = newsletter.subscription(token, now=now())
    if request.method == "POST":
        if request.form.get("List-Unsubscribe") != "One-Click":
            _check_csrf()
        with writing():
            newsletter.leave(token, now=now())
    with force_locale(standing.language):
        template = "letters/left.html" if request.method == "POST" else "letters/leave.html"
        return render_template(template, form=PlainForm(), standing=standing)


def _check_csrf() -> None:
    try:
        validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
    except ValidationError:
        raise Forbidden(N_("The form was open too long or came from elsewhere. Please send it once more.")) from None
