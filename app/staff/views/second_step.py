"""Signing in: the step after the password, and a passkey alone instead of both."""

from __future__ import annotations

from dataclasses import replace

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.base.errors import Invalid
from app.extensions import limits, now, writing
from app.staff import passkeys, second_step, sign_in
from app.staff.forms import CodeForm, PasskeyForm
from app.staff.sign_in import Pending
from app.staff.views import bp
from app.staff.views.proving import give, proof_of, try_code
from app.staff.views.sign_in import proceed, sign_in_page, target


@bp.get("/login/second")
def second() -> ResponseReturnValue:
    """The page after the password: a code of the app, a passkey, or (`by=recovery`) a code from paper."""
    return _page(sign_in.held(now()), CodeForm(formdata=None), PasskeyForm(formdata=None))


@bp.post("/login/second")
def second_by_code() -> ResponseReturnValue:
    """A code, of the app or from paper."""
    pending = sign_in.held(now())
    form = CodeForm()
    if form.validate():
        try:
            return proceed(_done(pending, try_code(pending.staff_id, form.code.data)))
        except Invalid as error:
            form.add_error(error)
    return _page(pending, form, PasskeyForm(formdata=None))


@bp.post("/login/second/passkey/ask")
def ask_second_passkey() -> ResponseReturnValue:
    """A challenge for a passkey of who is on the way, as JSON."""
    pending = sign_in.held(now())
    limits.hit("passkey challenge", limits.visitor(), 60, 600)
    with writing():
        token, options = passkeys.ask(passkeys.SECOND, pending.staff_id, now=now())
    return give(token, options)


@bp.post("/login/second/passkey")
def second_by_passkey() -> ResponseReturnValue:
    """The answer to it."""
    pending = sign_in.held(now())
    form = PasskeyForm()
    if form.validate():
        try:
            proof_of(passkeys.SECOND, form.credential.data, pending.staff_id)
            return proceed(_done(pending, "passkey"))
        except Invalid as error:
            form.add_error(error)
    return _page(pending, CodeForm(formdata=None), form)


@bp.post("/login/passkey/ask")
def ask_passkey() -> ResponseReturnValue:
    """A challenge for whatever passkey this device has for us, as JSON."""
    limits.hit("passkey challenge", limits.visitor(), 60, 600)
    with writing():
        token, options = passkeys.ask(passkeys.ALONE, 0, now=now())
    return give(token, options)


@bp.post("/login/passkey")
def sign_in_with_passkey() -> ResponseReturnValue:
    """The answer: a passkey that verified its user is both steps at once."""
    form = PasskeyForm()
    if form.validate():
        try:
            proof = proof_of(passkeys.ALONE, form.credential.data)
            return proceed(Pending(proof.staff_id, ("passkey",), target()))
        except Invalid as error:
            form.add_error(error)
    return sign_in_page(passkey=form)


def _done(pending: Pending, way: str) -> Pending:
    return replace(pending, done=(*pending.done, way))


def _page(pending: Pending, form: CodeForm, passkey: PasskeyForm) -> ResponseReturnValue:
    ways = second_step.ways(pending.staff_id)
    if not ways.any:  # reset by an administrator meanwhile
        return redirect(url_for("staff.login"), 303)
    return render_template(
        "staff/second_step.html",
        form=form,
        passkey=passkey if ways.passkeys and passkeys.site() else None,
        ways=ways,
        by_recovery=request.args.get("by") == "recovery" or not (ways.app_since or ways.passkeys),
    ), max(form.status, passkey.status)
