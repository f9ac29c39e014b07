"""Another e-mail address: asked for on the page, confirmed from the new mailbox, refused from the old one."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.errors import Invalid, NotFound, TooMany
from app.extensions import db, limits, now, writing
from app.links import services as links
from app.portal import mailbox
from app.portal.detail_forms import NewEmailForm
from app.portal.detail_views import page
from app.portal.forms import PlainForm
from app.portal.guard import bp, donor_only, forgotten, here, remembered
from app.portal.sessions import Donor
from app.staff.browsers import browser

ASKED, HOUR = 5, 3600  # by one donor
TO_ONE_MAILBOX = 3  # in an hour; more are dropped without a word
GUESSES, WINDOW = 20, 600


@bp.post("/mijn-giften/gegevens/e-mail")
@donor_only
def ask_email(donor: Donor) -> ResponseReturnValue:
    """Mail a link to the new address; the same answer for every address but the present one."""
    form = NewEmailForm()
    if not form.validate():
        return page(donor, form, "email")
    address = form.email.data or ""
    db.session.rollback()
    try:
        limits.hit("portal new email", str(donor.id), ASKED, HOUR)
    except TooMany as error:
        form.add_error(error)
        return page(donor, form, "email", error.status)
    try:
        limits.hit("portal new mailbox", address.casefold(), TO_ONE_MAILBOX, HOUR)
    except TooMany:
        pass  # nobody's mailbox is filled through our form
    else:
        try:
            with writing():
                mailbox.ask(donor, address, now=now())
        except Invalid as error:
            form.add_error(error)
            return page(donor, form, "email")
    flash(_("We sent a mail to the new address. Your address changes once you press the button in it."), "ok")
    return redirect(url_for("portal.details_form"), 303)


@bp.post("/mijn-giften/gegevens/e-mail/laat-maar")
@donor_only
def forget_email(donor: Donor) -> ResponseReturnValue:
    """Keep the present address after all."""
    with writing():
        mailbox.forget(donor, now=now())
    flash(_("Your address stays as it is."), "ok")
    return redirect(url_for("portal.details_form"), 303)


@bp.route("/mijn-giften/nieuw-adres/<token>", methods=["GET", "POST"])
def confirm_email(token: str) -> ResponseReturnValue:
    """Behind the link in the new mailbox. GET shows a button, POST changes the address, once."""
    limits.check("portal guess", limits.visitor(), GUESSES, WINDOW)
    form = PlainForm()
    try:
        mailbox.look(token, now=now())
        if not form.validate_on_submit():
            return render_template("portal/confirm_email.html", form=form, token=token), form.status
        visitor, name = here(), browser(request.user_agent.string)
        with writing():
            opened = mailbox.confirm(token, visitor, browser=name, now=now())
    except NotFound:
        _guessed()
        raise
    flash(_("Your e-mail address is changed. Our mails and links to your page go there from now on."), "ok")
    response = make_response(redirect(url_for("portal.home"), 303))
    return remembered(response, opened) if opened else forgotten(response)


@bp.route("/mijn-giften/niet-gevraagd/<token>", methods=["GET", "POST"])
def refuse_email(token: str) -> ResponseReturnValue:
    """Behind the link in the mailbox before, for who did not ask for another address."""
    limits.check("portal guess", limits.visitor(), GUESSES, WINDOW)
    form = PlainForm()
    try:
        links.look(mailbox.NOT_ME, token, now=now())
        if not form.validate_on_submit():
            return render_template("portal/refuse_email.html", form=form, token=token, done=""), form.status
        with writing():
            changed = mailbox.object_to(token, now=now())
    except NotFound:
        _guessed()
        raise
    page = render_template("portal/refuse_email.html", form=form, token=token, done="changed" if changed else "stopped")
    return forgotten(make_response(page))


def _guessed() -> None:
    db.session.rollback()
    limits.hit("portal guess", limits.visitor(), GUESSES, WINDOW)
