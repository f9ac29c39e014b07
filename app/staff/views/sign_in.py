"""Signing in and out."""

from __future__ import annotations

import logging

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.audit import services as audit
from app.base.actor import PUBLIC, Actor
from app.base.errors import Invalid
from app.extensions import now, writing
from app.staff import devices, passkeys, passwords, services, sessions, sign_in
from app.staff.forms import PasskeyForm, SignInForm
from app.staff.views import bp
from app.staff.views.tastes import keep_tastes
from app.ui.messages import translated
from app.ui.permissions import Permission, requires
from app.ui.views import local_path

HOME = "/cockpit"
log = logging.getLogger(__name__)


@bp.get("/login")
def login() -> ResponseReturnValue:
    """The form; who is signed in already goes on."""
    if current_user.is_authenticated:
        return redirect(target(), 303)
    return sign_in_page()


@bp.post("/login")
def sign_in_with_password() -> ResponseReturnValue:
    """The first step: the password."""
    form = SignInForm()
    if not form.validate():
        return sign_in_page(form)
    email, password, address = form.email.data, form.password.data, request.remote_addr or ""
    try:
        found = sign_in.check_password(email, password, address=address, known_device=devices.known(email))
    except sign_in.WrongPassword as error:
        log.warning("sign-in failed from %s", address)
        with writing():
            audit.record(
                "staff.sign_in_failed", ("staff", error.staff_id), actor=PUBLIC, now=now(), changes={"address": address}
            )
        form.add_error(Invalid(sign_in.WRONG, field="password"))
        return sign_in_page(form)
    if passwords.outdated(found.password_hash):
        fresh = passwords.hashed(password)
        with writing():
            services.refresh_hash(found.id, found.password_hash, fresh)
    return proceed(sign_in.Pending(found.id, ("password",), target()))


def proceed(pending: sign_in.Pending) -> ResponseReturnValue:
    """On to the next step, or in. Steps after the password end by calling this."""
    at = now()
    if step := sign_in.next_step(pending.staff_id, pending.done):
        with writing():
            token = sign_in.hold(pending, at)
        sign_in.remember(token)
        return redirect(url_for(step.endpoint), 303)
    address, browser = sessions.client_label()
    with writing():
        staff = sign_in.arrive(pending, at)
        token = sessions.start(pending.staff_id, address=address, browser=browser, now=at)
        changes = {"address": address, "steps": list(pending.done)}
        actor = Actor("staff", pending.staff_id)
        audit.record("staff.signed_in", ("staff", pending.staff_id), actor=actor, now=at, changes=changes)
        email, language, theme = staff.email, staff.language, staff.theme
    sessions.remember(token)
    response = make_response(redirect(pending.target, 303))
    devices.trust(response, email)
    keep_tastes(response, language, theme)
    return response


@bp.post("/logout")
@requires(Permission.OWN_ACCOUNT)
def logout() -> ResponseReturnValue:
    """End this session, here and on the server."""
    at = now()
    with writing():
        sessions.end(current_user.session_id, current_user.id, now=at)
        audit.record("staff.signed_out", ("staff", current_user.id), actor=current_user.actor, now=at)
    session.clear()
    flash(_("You are signed out."), "ok")
    return redirect(url_for("staff.login"), 303)


@bp.errorhandler(sign_in.NotOnTheWay)
def start_again(error: sign_in.NotOnTheWay) -> ResponseReturnValue:
    """Between two steps too long: back to the first."""
    session.pop(sign_in.PENDING_KEY, None)
    flash(translated(error), "warn")
    return redirect(url_for("staff.login"), 303)


def sign_in_page(form: SignInForm | None = None, passkey: PasskeyForm | None = None) -> ResponseReturnValue:
    """The first page, with what was not right in one of its forms."""
    form = form or SignInForm(formdata=None)
    passkey = passkey or PasskeyForm(formdata=None)
    return render_template(
        "staff/sign_in.html", form=form, passkey=passkey if passkeys.site() else None, target=request.args.get("next")
    ), max(form.status, passkey.status)


def target() -> str:
    """Where to go after signing in: a path of ours, else the cockpit."""
    wanted = local_path(request.args.get("next"))
    return HOME if wanted == "/" else wanted
