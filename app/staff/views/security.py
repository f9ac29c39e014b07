"""How one signs in: the app for codes, passkeys and recovery codes, under one's own account."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import Invalid
from app.extensions import limits, now, writing
from app.staff import codes_app, passkeys, recovery_codes, second_step, services
from app.staff.forms import AppForm, NewPasskeyForm, PlainForm
from app.staff.views import bp
from app.staff.views.confirm import freshly
from app.staff.views.proving import CHALLENGE_KEY, give
from app.ui import qr
from app.ui.identity import identity
from app.ui.permissions import PUBLIC_ENDPOINTS, Permission, requires

# What somebody still reaches whose role cannot do without a second step, before there is one.
ON_THE_WAY = frozenset(
    f"staff.{name}"
    for name in (
        "security", "app", "set_app", "ask_new_passkey", "add_passkey", "make_codes", "confirm", "confirm_by_password",
        "ask_confirming_passkey", "confirm_by_passkey", "logout",
    )
)  # fmt: skip


def demand() -> ResponseReturnValue | None:
    """Before every request: to the set-up page, from wherever, for who owes a second step."""
    here = request.endpoint
    if here is None or here in PUBLIC_ENDPOINTS or here in ON_THE_WAY:
        return None
    if not current_user.is_authenticated or not current_user.owes_second_step:
        return None
    return redirect(url_for("staff.security"), 303)


def banner() -> str | None:
    """A line on the front page for those who see money and have the password alone, unless they put it off."""
    who = current_user
    if who.has_second_step or who.owes_second_step or who.role not in second_step.ASKED:
        return None
    if who.asked_again_from is not None and who.asked_again_from > now():
        return None
    return "staff/_ask_second_step.html"


@bp.get("/account/sign-in")
@requires(Permission.OWN_ACCOUNT)
def security() -> ResponseReturnValue:
    """What there is, and what can be done."""
    return _page(NewPasskeyForm(formdata=None))


@bp.post("/account/sign-in/later")
@requires(Permission.OWN_ACCOUNT)
def ask_later() -> ResponseReturnValue:
    """Do not ask on the front page for two weeks."""
    with writing():
        second_step.later(current_user.id, now=now())
    return redirect(url_for("ui.root"), 303)


@bp.get("/account/sign-in/app")
@requires(Permission.OWN_ACCOUNT)
@freshly
def app() -> ResponseReturnValue:
    """A square to scan, its secret in letters, and a field for the first code."""
    return _app_page(AppForm(formdata=None), codes_app.draft(current_user.id, now()))


@bp.post("/account/sign-in/app")
@requires(Permission.OWN_ACCOUNT)
@freshly
def set_app() -> ResponseReturnValue:
    """The first code fits: from now on it is asked."""
    limits.hit("set up app", str(current_user.id), 30, 600)
    form, at = AppForm(), now()
    try:
        drafted = codes_app.drafted(form.draft.data or "", current_user.id, at)
    except Invalid as error:
        drafted = codes_app.draft(current_user.id, at)
        form.add_error(error)
        return _app_page(form, drafted)
    if form.validate():
        try:
            with writing():
                codes_app.set_up(
                    current_user.id,
                    drafted.secret,
                    form.code.data,
                    keep_session=current_user.session_id,
                    actor=current_user.actor,
                    now=at,
                )
            return _set_up(_("Your app is set up. Next time we ask for a code of it."))
        except Invalid as error:
            form.add_error(error)
    return _app_page(form, drafted)


@bp.post("/account/sign-in/app/remove")
@requires(Permission.OWN_ACCOUNT)
@freshly
def remove_app() -> ResponseReturnValue:
    """Without the app from now on."""
    with writing():
        codes_app.remove(current_user.id, keep_session=current_user.session_id, actor=current_user.actor, now=now())
    return _back(_("The app is removed."))


@bp.post("/account/sign-in/passkeys/ask")
@requires(Permission.OWN_ACCOUNT)
@freshly
def ask_new_passkey() -> ResponseReturnValue:
    """A challenge to make a passkey for, as JSON."""
    limits.hit("passkey challenge", limits.visitor(), 60, 600)
    with writing():
        token, options = passkeys.ask_new(services.account(current_user.id), identity().name, now=now())
    return give(token, options)


@bp.post("/account/sign-in/passkeys")
@requires(Permission.OWN_ACCOUNT)
@freshly
def add_passkey() -> ResponseReturnValue:
    """Keep the passkey that the browser made."""
    form, at = NewPasskeyForm(), now()
    if form.validate():
        try:
            with writing():
                challenge = passkeys.take(passkeys.ADD, session.pop(CHALLENGE_KEY, None), current_user.id, now=at)
            made = passkeys.made(challenge, form.credential.data)
            with writing():
                passkeys.add(
                    current_user.id,
                    made,
                    form.name.data,
                    keep_session=current_user.session_id,
                    actor=current_user.actor,
                    now=at,
                )
            return _set_up(_("The passkey %(name)s is added.", name=form.name.data))
        except Invalid as error:
            form.add_error(error)
    return _page(form)


@bp.post("/account/sign-in/passkeys/<int:passkey_id>/remove")
@requires(Permission.OWN_ACCOUNT)
@freshly
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """This passkey opens nothing any more."""
    with writing():
        passkeys.remove(
            passkey_id,
            current_user.id,
            keep_session=current_user.session_id,
            actor=current_user.actor,
            now=now(),
        )
    return _back(_("The passkey is removed. Take it off your device or key ring too."))


@bp.post("/account/sign-in/codes")
@requires(Permission.OWN_ACCOUNT)
@freshly
def make_codes() -> ResponseReturnValue:
    """Ten new recovery codes, on this page alone; a reload makes ten others."""
    with writing():
        codes = recovery_codes.make(current_user.id, actor=current_user.actor, now=now())
    return render_template("staff/recovery_codes.html", codes=codes, email=current_user.email, made_at=now())


def _set_up(message: str) -> ResponseReturnValue:
    """With the first way come the recovery codes; there are none before."""
    flash(message, "ok")
    if second_step.ways(current_user.id).codes_left:
        return redirect(url_for("staff.security"), 303)
    return make_codes()


def _back(message: str) -> ResponseReturnValue:
    flash(message, "ok")
    return redirect(url_for("staff.security"), 303)


def _page(form: NewPasskeyForm) -> ResponseReturnValue:
    return render_template(
        "staff/security.html",
        ways=second_step.ways(current_user.id),
        form=form,
        plain=PlainForm(formdata=None),
        site=passkeys.site(),
        owes=current_user.owes_second_step,
    ), form.status


def _app_page(form: AppForm, draft: codes_app.Draft) -> ResponseReturnValue:
    form.draft.data = draft.sealed
    address = codes_app.address(draft.secret, email=current_user.email, issuer=identity().name)
    return render_template(
        "staff/app.html",
        form=form,
        picture=qr.image_of(address),
        secret=" ".join(draft.secret[n : n + 4] for n in range(0, len(draft.secret), 4)),
        address=address,
    ), form.status
