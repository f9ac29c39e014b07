"""Forms of the finance pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import Length

from app.ui.forms import Form


class AccountForm(Form):
    rgs_code = StringField(_l("RGS code"), validators=[Length(max=20)])
