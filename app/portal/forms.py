"""What donors fill in on their own page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired

from app.base.errors import Invalid
from app.base.states import N_
from app.ui.fields import DutchDateField, EmailField
from app.ui.forms import Form


class PlainForm(Form):
    """A form of one button."""


class AskForm(Form):
    email = EmailField(_l("E-mail address"), validators=[InputRequired()])


class RangeForm(Form):
    """The days of a statement, both included."""

    start = DutchDateField(_l("From"), validators=[InputRequired()])
    end = DutchDateField(_l("Up to and including"), validators=[InputRequired()])

    def checked(self) -> bool:
        """Whether the days are in order and not absurdly far apart; what is wrong is beside its field."""
        start, end = self.start.data, self.end.data
        if not (start and end):
            return False
        if end < start:
            self.add_error(Invalid(N_("This day is before the first one."), field="end"))
        elif (end - start).days > 366 * 10:
            self.add_error(Invalid(N_("Choose at most ten years at once."), field="start"))
        return not self.has_errors
