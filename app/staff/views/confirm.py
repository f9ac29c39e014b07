"""Asking once more who somebody is before how they sign in is changed: an open screen is not enough."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.base.errors import Invalid, Refused
from app.base.states import N_
from app.extensions import limits, now, writing
from app.staff import passkeys, second_step, sessions
from app.staff.forms import ConfirmForm, PasskeyForm
from app.staff.views import bp
from app.staff.views.proving import give, proof_of, try_code, try_password
from app.ui.permissions import Permission, requires
from app.ui.views import local_path

P = ParamSpec("P")


class NotFresh(Refused):
    """They signed in more than ten minutes ago, and did not confirm who they are since."""

    def __init__(self) -> None:
        super().__init__(N_("First confirm that it is you."))


def freshly(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Only for who proved within the last ten minutes who they are; put it under `@requires`."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not current_user.is_fresh(now()):
            raise NotFresh
        return view(*args, **kwargs)

    return guarded


@bp.errorhandler(NotFresh)
def confirm_first(error: NotFresh) -> ResponseReturnValue:
    """To the page that asks, and from there on; a form is filled in again."""
    back = request.path if request.method == "GET" else local_path(request.form.get("back"))
    return redirect(url_for("staff.confirm", next=url_for("staff.security") if back == "/" else back), 303)


@bp.get("/account/confirm")
@requires(Permission.OWN_ACCOUNT)
def confirm() -> ResponseReturnValue:
    """Password, and a code where there is a second step; or a passkey."""
    return _page(ConfirmForm(formdata=None), PasskeyForm(formdata=None))


@bp.post("/account/confirm")
@requires(Permission.OWN_ACCOUNT)
def confirm_by_password() -> ResponseReturnValue:
    """Look at both; the code is used up only where the password is right."""
    form = ConfirmForm()
    if form.validate():
        try:
            _try(form)
            return _confirmed()
        except Invalid as error:
            form.add_error(error)
    return _page(form, PasskeyForm(formdata=None))


@bp.post("/account/confirm/passkey/ask")
@requires(Permission.OWN_ACCOUNT)
def ask_confirming_passkey() -> ResponseReturnValue:
    """A challenge for one of one's own passkeys, as JSON."""
    limits.hit("passkey challenge", limits.visitor(), 60, 600)
    with writing():
        token, options = passkeys.ask(passkeys.CONFIRM, current_user.id, now=now())
    return give(token, options)


@bp.post("/account/confirm/passkey")
@requires(Permission.OWN_ACCOUNT)
def confirm_by_passkey() -> ResponseReturnValue:
    """The answer to it."""
    form = PasskeyForm()
    if form.validate():
        try:
            proof_of(passkeys.CONFIRM, form.credential.data, current_user.id)
            return _confirmed()
        except Invalid as error:
            form.add_error(error)
    return _page(ConfirmForm(formdata=None), form)


def _try(form: ConfirmForm) -> None:
    try_password(form.password)
    if current_user.has_second_step:
        if not form.code.data:
            raise Invalid(N_("Please fill this in."), field="code")
        try_code(current_user.id, form.code.data)


def _confirmed() -> ResponseReturnValue:
    with writing():
        sessions.confirm(current_user.session_id, now=now())
    return redirect(_target(), 303)


def _target() -> str:
    wanted = local_path(request.args.get("next"))
    return url_for("staff.security") if wanted == "/" else wanted


def _page(form: ConfirmForm, passkey: PasskeyForm) -> ResponseReturnValue:
    ways = second_step.ways(current_user.id)
    return render_template(
        "staff/confirm.html",
        form=form,
        passkey=passkey if ways.passkeys and passkeys.site() else None,
        ways=ways,
        target=_target(),
    ), max(form.status, passkey.status)
