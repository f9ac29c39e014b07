"""Forms of the staff room."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField as TypedEmailField
from wtforms import HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from app.staff import passwords, queries
from app.ui.fields import EmailField
from app.ui.forms import Form
from app.ui.languages import LANGUAGES
from app.ui.permissions import Role
from app.ui.views import THEMES

LANGUAGE_CHOICES = [SelectChoice(code, name) for code, name in LANGUAGES.items()]
THEME_LABELS = {"auto": _l("As my device"), "light": _l("Light"), "dark": _l("Dark")}
ROLE_HINTS = {
    Role.VIEWER: _l("Board and auditors: figures and grants, no donors' personal data."),
    Role.FUNDRAISER: _l("Supporters, gifts, funders and grants."),
    Role.FINANCE: _l("Gifts, ledger, exports and the audit trail."),
    Role.ADMIN: _l("Everything, the team and the settings included."),
}


class SignInForm(Form):
    # Taken as typed: what is no address is answered like a wrong password.
    email = TypedEmailField(
        _l("E-mail address"), [InputRequired(), Length(max=254)], render_kw={"autocomplete": "username"}
    )
    password = PasswordField(
        _l("Password"), [InputRequired(), Length(max=200)], render_kw={"autocomplete": "current-password"}
    )


class ForgotForm(Form):
    email = EmailField(_l("E-mail address"), [InputRequired(), Length(max=254)], render_kw={"autocomplete": "username"})


class NewPasswordForm(Form):
    password = PasswordField(
        _l("New password"),
        [InputRequired(), Length(max=passwords.MOST)],
        render_kw={"autocomplete": "new-password", "minlength": passwords.LEAST},
    )


class AcceptForm(NewPasswordForm):
    name = StringField(_l("Your name"), [InputRequired(), Length(max=120)], render_kw={"autocomplete": "name"})


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField(
        _l("Current password"), [InputRequired(), Length(max=200)], render_kw={"autocomplete": "current-password"}
    )


class ProfileForm(Form):
    name = StringField(_l("Name"), [InputRequired(), Length(max=120)], render_kw={"autocomplete": "name"})
    language = SelectField(_l("Language"), choices=LANGUAGE_CHOICES)
    theme = SelectField(_l("Appearance"), choices=[SelectChoice(theme, THEME_LABELS[theme]) for theme in THEMES])
    deputy = SelectField(_l("Who stands in for me"))

    def __init__(self, staff_id: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        others = [SelectChoice(str(staff.id), staff.name) for staff in queries.active_staff() if staff.id != staff_id]
        self.deputy.choices = [SelectChoice("", _("Nobody")), *others]


def _role_choices() -> list[SelectChoice]:
    return [SelectChoice(role.value, _(role.label)) for role in Role]


class RoleForm(Form):
    role = RadioField(_l("Role"), [InputRequired()])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role.choices = _role_choices()


class InviteForm(RoleForm):
    name = StringField(_l("Name"), [InputRequired(), Length(max=120)])
    email = EmailField(_l("E-mail address"), [InputRequired(), Length(max=254)])
    language = SelectField(_l("Language of the invitation"), choices=LANGUAGE_CHOICES)


class PlainForm(Form):
    """A button: nothing but the CSRF token."""


_CODE = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}


class CodeForm(Form):
    """A code of an app or from paper; which of them it is shows itself."""

    code = StringField(_l("Code"), [InputRequired(), Length(max=40)], render_kw=_CODE)


class AppForm(CodeForm):
    draft = HiddenField(validators=[InputRequired(), Length(max=1000)])


class PasskeyForm(Form):
    """What a browser makes or answers; js/passkey.js fills it in."""

    credential = HiddenField(validators=[InputRequired(), Length(max=20_000)])


class NewPasskeyForm(PasskeyForm):
    name = StringField(_l("Name of the passkey"), [InputRequired(), Length(max=80)])


class ConfirmForm(Form):
    password = PasswordField(
        _l("Password"), [InputRequired(), Length(max=200)], render_kw={"autocomplete": "current-password"}
    )
    code = StringField(_l("Code of your app, or a recovery code"), [Length(max=40)], render_kw=_CODE)


class ReasonForm(Form):
    reason = StringField(_l("Why"), [InputRequired(), Length(max=200)])
