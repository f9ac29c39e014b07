"""What staff fill in for a recurring gift."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from app.gifts.recurring.states import EndReason, Frequency
from app.programmes.queries import active_programmes
from app.ui.fields import DutchDateField, IbanField, MoneyField, options
from app.ui.forms import Form
from app.ui.languages import language

# What a person may give for a reason; the others are given by the system.
_REASONS = (EndReason.DONOR, EndReason.MONEY, EndReason.UNHAPPY, EndReason.REPLACED, EndReason.OTHER)


class AmountForm(Form):
    """Another amount, from a day on or as soon as can be announced."""

    amount = MoneyField(_l("New amount"), validators=[InputRequired()])
    from_on = DutchDateField(_l("Not before"))


class DayForm(Form):
    """Another day of the month."""

    day = IntegerField(_l("Day of the month"), validators=[InputRequired(), NumberRange(1, 31)])


class PauseForm(Form):
    """Collect nothing before this day."""

    until = DutchDateField(_l("Collect again from"), validators=[InputRequired()])


class EndForm(Form):
    """Collect nothing any more."""

    reason = SelectField(_l("Why"), validators=[InputRequired()])
    note = StringField(_l("Note, without personal details"), validators=[Length(max=180)])

    def choose(self) -> None:
        """Fill the choices of this moment."""
        self.reason.choices = options([(reason.value, _l(reason.label)) for reason in _REASONS])


class PaperForm(Form):
    """A recurring gift with a mandate that was signed on paper."""

    amount = MoneyField(_l("Amount"), validators=[InputRequired()])
    frequency = SelectField(_l("How often"), validators=[InputRequired()])
    day = IntegerField(_l("Day of the month"), validators=[InputRequired(), NumberRange(1, 31)])
    start_on = DutchDateField(_l("First collected from"), validators=[InputRequired()])
    programme_id = SelectField(_l("For"))
    iban = IbanField(_l("IBAN"), validators=[InputRequired()])
    holder = StringField(_l("Name on the account"), validators=[InputRequired(), Length(max=70)])
    signed_on = DutchDateField(_l("Signed on"), validators=[InputRequired()])
    reference = StringField(_l("Reference on the form"), validators=[Length(max=35)])
    evidence = StringField(_l("Where the signed form is kept"), validators=[InputRequired(), Length(max=200)])

    def choose(self) -> None:
        """Fill the choices of this moment."""
        self.frequency.choices = options(Frequency)
        programmes = [(p.id, p.name(language())) for p in active_programmes()]
        self.programme_id.choices = options(programmes, empty=_l("Where it is needed most"))
