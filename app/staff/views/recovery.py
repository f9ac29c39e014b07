"""Without being signed in: a forgotten password, and accepting an invitation.

A GET only looks, so a mail scanner that opens the link first takes nothing away.
"""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.errors import Invalid
from app.extensions import db, limits, now, writing
from app.staff import devices, invitations, passwords, recovery
from app.staff.forms import AcceptForm, ForgotForm, NewPasswordForm
from app.staff.models import Staff, email_key
from app.staff.views import bp
from app.ui.identity import identity


@bp.get("/forgot-password")
def forgot_password() -> ResponseReturnValue:
    """Ask for a link to set a new password."""
    return render_template("staff/forgot.html", form=ForgotForm(), asked=False)


@bp.post("/forgot-password")
def ask_for_reset() -> ResponseReturnValue:
    """Always the same page: whether there is an account is for the worker to find out."""
    form = ForgotForm()
    if not form.validate():
        return render_template("staff/forgot.html", form=form, asked=False), form.status
    email = form.email.data or ""
    limits.hit("reset address", limits.visitor(), 20, 3600)
    limits.hit("reset account", email_key(email), 5, 3600)
    with writing():
        recovery.ask(email, now=now())
    return redirect(url_for("staff.reset_asked"), 303)


@bp.get("/forgot-password/sent")
def reset_asked() -> ResponseReturnValue:
    """What happens next, in the same words for everybody."""
    return render_template("staff/forgot.html", form=ForgotForm(), asked=True)


@bp.get("/reset-password/<token>")
def reset_password(token: str) -> ResponseReturnValue:
    """The form behind the mailed link."""
    recovery.look(token, now=now())
    return render_template("staff/reset.html", form=NewPasswordForm())


@bp.post("/reset-password/<token>")
def set_new_password(token: str) -> ResponseReturnValue:
    """Use the link up and store the password."""
    _limit_links()
    staff = recovery.look(token, now=now())
    email = staff.email
    form = NewPasswordForm()
    if form.validate() and (password_hash := _accepted(form, staff)):
        with writing():
            recovery.complete(token, password_hash, now=now())
        limits.forget("sign-in", f"account:{email_key(email)}")
        flash(_("Your new password is set. Sign in with it."), "ok")
        response = make_response(redirect(url_for("staff.login"), 303))
        devices.trust(response, email)  # whoever reads this mailbox is not the one to be slowed down
        return response
    return render_template("staff/reset.html", form=form), form.status


@bp.get("/invitation/<token>")
def invitation(token: str) -> ResponseReturnValue:
    """Welcome: choose a name and a password."""
    staff = invitations.look(token, now=now())
    return render_template("staff/invitation.html", form=AcceptForm(data={"name": staff.name}), email=staff.email)


@bp.post("/invitation/<token>")
def accept_invitation(token: str) -> ResponseReturnValue:
    """Use the invitation up."""
    _limit_links()
    staff = invitations.look(token, now=now())
    email = staff.email
    form = AcceptForm()
    if form.validate() and (password_hash := _accepted(form, staff)):
        with writing():
            invitations.accept(token, form.name.data, password_hash, now=now())
        flash(_("Welcome to the team. Sign in with your new password."), "ok")
        return redirect(url_for("staff.login"), 303)
    return render_template("staff/invitation.html", form=form, email=email), form.status


def _accepted(form: NewPasswordForm, staff: Staff) -> str | None:
    """The hash of the new password, None (with the reason beside the field) where the rules refuse it."""
    try:
        called = form.name.data if isinstance(form, AcceptForm) else staff.name
        passwords.check_rules(form.password.data, called, staff.email, identity().name)
    except Invalid as error:
        form.add_error(error)
        return None
    db.session.rollback()  # no transaction stays open while hashing
    return passwords.hashed(form.password.data)


def _limit_links() -> None:
    limits.hit("links", limits.visitor(), 300, 600)
