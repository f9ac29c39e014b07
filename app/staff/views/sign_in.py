"""Signing in and out."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.base.errors import Invalid
from app.extensions import now, writing
from app.staff import sessions, sign_in
from app.staff.forms import SignInForm
from app.staff.views import bp


@bp.get("/login")
def login() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(local_target(request.args.get("next")), 303)
    return render_template("staff/sign_in.html", form=SignInForm())


@bp.post("/login")
def sign_in_with_password() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return render_template("staff/sign_in.html", form=form), 422
    target = local_target(request.args.get("next"))
    try:
        staff_id = sign_in.check_password(
            form.email.data or "", form.password.data or "", address=request.remote_addr or "", known_device=None
        )
    except Invalid as error:
        form.password.errors = [*form.password.errors, error.message]
        return render_template("staff/sign_in.html", form=form), 422
    return proceed(sign_in.Pending(staff_id, ("password",), target))


def proceed(pending: sign_in.Pending) -> ResponseReturnValue:
    """On to the next step, or in."""
    at = now()
    if step := sign_in.next_step(pending.staff_id, pending.done):
        sign_in.hold(pending, at)
        return redirect(url_for(step.endpoint), 303)
    address, browser = sessions.client_label()
    with writing():
        token = sessions.start(pending.staff_id, address=address, browser=browser, now=at)
    sessions.remember(token)
    return redirect(pending.target, 303)


def local_target(target: str | None) -> str:
    """Where to go after signing in: a path of ours, else the cockpit."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable():
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc and "\\" not in target:
            return target
    return "/cockpit"
