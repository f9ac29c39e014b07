"""Forms of batches of direct debits, of status reports and of a mandate's account."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FileField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.direct_debit.pain.pain008 import SequenceType
from app.organisation.queries import profile
from app.ui.fields import DutchDateField, IbanField, MoneyField, options
from app.ui.filters import iban
from app.ui.forms import Form


class BatchForm(Form):
    """Which account and day."""

    account = SelectField(_l("Bank account"))
    on = DutchDateField(_l("Collect on"), validators=[InputRequired()])
    sequence = SelectField(_l("Mandates"))

    def choose(self) -> None:
        self.account.choices = [(str(a.id), f"{iban(a.iban)} {a.holder}") for a in profile().accounts]
        self.sequence.choices = options(
            [(SequenceType.RCUR.value, _l("Recurrent")), (SequenceType.OOFF.value, _l("For one collection"))]
        )


class CancelForm(Form):
    reason = StringField(_l("Why"), validators=[InputRequired(), Length(max=180)])


class BookForm(Form):
    on = DutchDateField(_l("Booked by the bank on"), validators=[InputRequired()])
    amount = MoneyField(_l("Amount on the statement"), validators=[InputRequired()])


class StatusForm(Form):
    file = FileField(_l("Status report"))


class AccountForm(Form):
    iban = IbanField(_l("New IBAN"), validators=[InputRequired()])
    holder = StringField(_l("In the name of"), validators=[InputRequired(), Length(max=70)])
