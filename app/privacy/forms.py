"""What staff fill in when they merge, and when somebody wants to be erased."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.ui.fields import DutchDateField
from app.ui.forms import Form


class MergeForm(Form):
    """Which record stays, and why these are the same."""

    keep = HiddenField(validators=[InputRequired()])
    reason = StringField(_l("How do you know that they are the same?"), validators=[InputRequired(), Length(max=200)])


class AskForm(Form):
    """A request that came by letter, mail or phone."""

    asked_on = DutchDateField(_l("Asked on"), validators=[InputRequired()])
    how = SelectField(_l("How did you make sure who asks?"), validators=[InputRequired()])


class AcceptForm(Form):
    """Why we erase, and that there is no way back."""

    ground = SelectField(_l("On which ground?"), validators=[InputRequired()])
    sure = BooleanField(_l("I know that this cannot be undone"), validators=[InputRequired()])


class RefuseForm(Form):
    """What the person gets to read."""

    reason = TextAreaField(_l("Why not?"), validators=[InputRequired(), Length(max=500)])
