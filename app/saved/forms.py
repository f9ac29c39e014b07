"""The form of a kept filter."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length

from app.ui.forms import Form


class FilterForm(Form):
    name = StringField(_l("Name of this filter"), validators=[InputRequired(), Length(max=60)])
    shared = BooleanField(_l("Share it with the team"))
