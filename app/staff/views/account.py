"""One's own account: name, language, appearance, deputy, password and sessions."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import DomainError, Invalid
from app.extensions import now, writing
from app.staff import passwords, services, sessions
from app.staff.forms import ChangePasswordForm, PlainForm, ProfileForm
from app.staff.views import bp
from app.staff.views.proving import try_password
from app.staff.views.tastes import keep_tastes
from app.ui.identity import identity
from app.ui.permissions import Permission, requires


@bp.get("/account")
@requires(Permission.OWN_ACCOUNT)
def account() -> ResponseReturnValue:
    """Everything about oneself on one page."""
    return _page()


@bp.post("/account")
@requires(Permission.OWN_ACCOUNT)
def save_account() -> ResponseReturnValue:
    """Store name, language, appearance and deputy."""
    form = ProfileForm(current_user.id)
    if form.validate():
        try:
            with writing():
                services.update_profile(
                    current_user.id,
                    name=form.name.data,
                    language=form.language.data,
                    theme=form.theme.data,
                    deputy_id=int(form.deputy.data) if form.deputy.data else None,
                    actor=current_user.actor,
                    now=now(),
                )
            flash(_("Saved."), "ok")
            response = make_response(redirect(url_for("staff.account"), 303))
            keep_tastes(response, form.language.data, form.theme.data)
            return response
        except DomainError as error:
            form.add_error(error)
    return _page(profile=form)


@bp.post("/account/password")
@requires(Permission.OWN_ACCOUNT)
def change_password() -> ResponseReturnValue:
    """Store a new password; other sessions end."""
    form = ChangePasswordForm()
    if form.validate():
        try:
            password_hash = _checked(form)
            with writing():
                services.set_password(
                    current_user.id,
                    password_hash,
                    keep_session=current_user.session_id,
                    actor=current_user.actor,
                    now=now(),
                )
            flash(_("Your new password is set. Other sessions have ended."), "ok")
            return redirect(url_for("staff.account"), 303)
        except Invalid as error:
            form.add_error(error)
    return _page(password=form)


@bp.post("/account/sessions/<int:session_id>/end")
@requires(Permission.OWN_ACCOUNT)
def end_session(session_id: int) -> ResponseReturnValue:
    """End one of one's own sessions."""
    with writing():
        sessions.end(session_id, current_user.id, now=now())
    flash(_("That session has ended."), "ok")
    return redirect(url_for("staff.account", _anchor="sessions"), 303)


@bp.post("/account/sessions/end-others")
@requires(Permission.OWN_ACCOUNT)
def end_other_sessions() -> ResponseReturnValue:
    """End all sessions but this one."""
    with writing():
        sessions.end_all(current_user.id, now=now(), besides=current_user.session_id)
    flash(_("Your other sessions have ended."), "ok")
    return redirect(url_for("staff.account", _anchor="sessions"), 303)


def _checked(form: ChangePasswordForm) -> str:
    """The new password's hash. The current one must fit: an open screen is not enough."""
    try_password(form.current)
    passwords.check_rules(form.password.data, current_user.name, current_user.email, identity().name)
    return passwords.hashed(form.password.data)


def _page(profile: ProfileForm | None = None, password: ChangePasswordForm | None = None) -> ResponseReturnValue:
    staff = services.account(current_user.id)
    if profile is None:
        data = {
            "name": staff.name,
            "language": staff.language,
            "theme": staff.theme,
            "deputy": str(staff.deputy_id) if staff.deputy_id else "",
        }
        # Never filled from the request: that would be the other form's.
        profile = ProfileForm(current_user.id, formdata=None, data=data)
    wrong: Any = profile.has_errors or (password is not None and password.has_errors)
    return render_template(
        "staff/account.html",
        staff=staff,
        profile=profile,
        password=password or ChangePasswordForm(formdata=None),
        plain=PlainForm(formdata=None),
        sessions=sessions.living(current_user.id, now()),
    ), 422 if wrong else 200
