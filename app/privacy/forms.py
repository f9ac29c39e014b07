"""What staff fill in when they merge."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from app.ui.forms import Form


class MergeForm(Form):
    """Which record stays, and why these are the same."""

    keep = HiddenField(validators=[InputRequired()])
    reason = StringField(_l("How do you know that they are the same?"), validators=[InputRequired(), Length(max=200)])
