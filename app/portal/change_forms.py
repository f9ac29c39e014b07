"""What donors fill in to change a recurring gift."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange

from app.base.states import N_
from app.gifts.recurring.states import EndReason
from app.ui.fields import DutchDateField, MoneyField, options
from app.ui.forms import Form

_REASONS = (
    (EndReason.MONEY, N_("I cannot afford it now")),
    (EndReason.UNHAPPY, N_("I am not satisfied")),
    (EndReason.OTHER, N_("Another reason")),
)


class AmountForm(Form):
    amount = MoneyField(_l("New amount"), donor=True, validators=[InputRequired()])


class DayForm(Form):
    day = IntegerField(_l("Day of the month"), validators=[InputRequired(), NumberRange(1, 31)])


class PauseForm(Form):
    """Collect nothing before this day."""

    until = DutchDateField(_l("Collect again from"), validators=[InputRequired()])


class StopForm(Form):
    """Why is asked once, and need not be answered."""

    reason = SelectField(_l("Would you like to tell us why?"), validate_choice=False)

    def choose(self) -> None:
        """Fill the choices of this moment."""
        self.reason.choices = options([(r.value, _l(text)) for r, text in _REASONS], empty=_l("I would rather not say"))

    @property
    def chosen(self) -> EndReason:
        """What was said, else that the donor asked."""
        return next((r for r, _text in _REASONS if r.value == self.reason.data), EndReason.DONOR)
