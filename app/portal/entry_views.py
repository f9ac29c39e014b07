"""Asking for a link, opening the page with it, and leaving. A GET never uses a link up."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from app.base.errors import NotFound, TooMany
from app.extensions import db, limits, now, writing
from app.portal import entering, sessions
from app.portal.forms import AskForm, PlainForm
from app.portal.guard import bp, donor_only, forgotten, here, remembered, spoken
from app.portal.sessions import Donor
from app.staff.browsers import browser
from app.ui.languages import language
from app.ui.messages import translated

ASKED, HOUR = 10, 3600  # from one network address
TO_ONE_MAILBOX, OF_ALL = 5, 30  # in an hour, asked for from one network, from all; more are dropped without a word
GUESSES, WINDOW = 20, 600


@bp.post("/mijn-giften")
def ask() -> ResponseReturnValue:
    """Mail a link. The same answer for every address."""
    return _ask("nl")


@bp.get("/en/my-gifts")
def ask_form_en() -> ResponseReturnValue:
    """The form in English."""
    return ask_page(AskForm(formdata=None), "en")


@bp.post("/en/my-gifts")
def ask_en() -> ResponseReturnValue:
    """The same in English."""
    return _ask("en")


def ask_page(form: AskForm, lang: str, *, problem: str = "", status: int = 0, signed_in: bool = False) -> Response:
    """Where a link is asked for; `problem` says first what went wrong, `signed_in` shows the way to the page that
    is still open in this browser."""
    address = url_for("portal.ask_en") if lang == "en" else url_for("portal.ask")
    with force_locale(lang):
        page = render_template("portal/ask.html", form=form, action=address, problem=problem, signed_in=signed_in)
    return make_response(page, status or form.status)


def _ask(lang: str) -> ResponseReturnValue:
    form = AskForm()
    with force_locale(lang):
        if not form.validate():
            return ask_page(form, lang)
        try:
            limits.hit("portal link", limits.visitor(), ASKED, HOUR)
        except TooMany as error:
            form.add_error(error)
            response = ask_page(form, lang, status=error.status)
            response.headers["Retry-After"] = str(error.retry_after)
            return response
    address = form.email.data or ""
    try:
        # By network, so that nobody keeps a donor out by asking for their links.
        limits.hit("portal mailbox", f"{address.casefold()} {limits.visitor()}", TO_ONE_MAILBOX, HOUR)
        limits.hit("portal mailbox of all", address.casefold(), OF_ALL, HOUR)
    except TooMany:
        pass  # nobody's mailbox is filled through our form, and nobody learns that it was asked for
    else:
        with writing():
            entering.ask(address, lang, now=now())
    return redirect(url_for("portal.sent_en" if lang == "en" else "portal.sent"), 303)


@bp.get("/mijn-giften/verstuurd")
def sent() -> ResponseReturnValue:
    """Look in your mailbox."""
    return _sent("nl")


@bp.get("/en/my-gifts/sent")
def sent_en() -> ResponseReturnValue:
    """The same in English."""
    return _sent("en")


def _sent(lang: str) -> ResponseReturnValue:
    with force_locale(lang):
        return render_template("portal/sent.html", minutes=int(entering.LIFETIME.total_seconds() // 60), lang=lang)


@bp.route("/mijn-giften/open/<token>", methods=["GET", "POST"])
def enter(token: str) -> ResponseReturnValue:
    """GET shows a button, since mail scanners open links before people do; POST uses the link, once."""
    limits.check("portal guess", limits.visitor(), GUESSES, WINDOW)
    try:
        whose = entering.look(token, now=now())
        form = PlainForm()
        with spoken(whose.language):
            if not form.validate_on_submit():
                return render_template("portal/enter.html", form=form, token=token), form.status
            name = browser(request.user_agent.string)
        with writing():
            opened, _supporter_id = entering.enter(token, browser=name, now=now())
    except NotFound as error:
        db.session.rollback()
        limits.hit("portal guess", limits.visitor(), GUESSES, WINDOW)
        hint = _(
            "A link works once, for a quarter of an hour. Did you not open it yourself? Then somebody else did: ask for"
            " a new one and sign out everywhere on your page."
        )
        problem = f"{translated(error)} {hint}"
        return ask_page(
            AskForm(formdata=None), language(), problem=problem, status=error.status, signed_in=here() is not None
        )
    return remembered(make_response(redirect(url_for("portal.home"), 303)), opened)


@bp.post("/mijn-giften/uitloggen")
@donor_only
def leave(donor: Donor) -> ResponseReturnValue:
    """Sign out, here or (`everywhere`) on every device."""
    with writing():
        if "everywhere" in request.form:
            sessions.end_all(donor.id, now=now())
        else:
            sessions.end(donor.session_id, now=now())
    return forgotten(make_response(redirect(url_for("portal.home", out=1), 303)))
