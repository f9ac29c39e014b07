"""What finance fills in by hand."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.base.errors import Invalid
from app.base.ids import MAX_ID
from app.base.states import N_
from app.gifts.models import BANK_TRANSFER, CASH
from app.programmes.queries import active_campaigns, active_programmes
from app.ui.fields import DutchDateField, EmailField, MoneyField, options
from app.ui.forms import Form
from app.ui.languages import language


class ReceiveForm(Form):
    """A promised transfer came in."""

    amount = MoneyField(_l("Amount received"), validators=[InputRequired()])
    received_on = DutchDateField(_l("Received on"), validators=[InputRequired()])
    bank_reference = StringField(_l("Reference of the bank"), validators=[InputRequired(), Length(max=80)])


class _RefundForm(Form):
    """`key` is made with the form: sent twice, it is one refund."""

    key = HiddenField()
    amount = MoneyField(_l("Amount that goes back"), validators=[InputRequired()])
    reason = StringField(_l("Why"), validators=[InputRequired(), Length(max=100)])

    @property
    def once(self) -> int:
        """The key as a row id. Raises Invalid where somebody changed it."""
        text = self.key.data or ""
        if not (text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) <= MAX_ID):
            raise Invalid(N_("The form was open too long or came from elsewhere. Please send it once more."))
        return int(text)


class ProviderRefundForm(_RefundForm):
    """A refund that the payment provider carries out."""


class HandRefundForm(_RefundForm):
    """A refund that we paid ourselves."""

    refunded_on = DutchDateField(_l("Paid back on"), validators=[InputRequired()])
    bank_reference = StringField(_l("Reference of the bank"), validators=[Length(max=80)])


class _GiftForm(Form):
    amount = MoneyField(_l("Amount"), validators=[InputRequired()])
    given_on = DutchDateField(_l("Received on"), validators=[InputRequired()])
    method = RadioField(_l("How it came"), validators=[InputRequired()])
    programme_id = SelectField(_l("For"))
    campaign_id = SelectField(_l("Campaign"))
    bank_reference = StringField(_l("Reference of the bank"), validators=[Length(max=140)])

    def choose(self) -> None:
        """Fill the choices of this moment."""
        lang = language()
        self.method.choices = options([(BANK_TRANSFER, _l("Bank transfer")), (CASH, _l("Cash"))])
        programmes = [(p.id, p.name(lang)) for p in active_programmes()]
        self.programme_id.choices = options(programmes, empty=_l("Where it is needed most"))
        self.campaign_id.choices = options([(c.id, c.name(lang)) for c in active_campaigns()], empty=_l("None"))


class GiftForm(_GiftForm):
    """A gift of a supporter who is known."""


class NewDonorForm(_GiftForm):
    """A gift of somebody who is not known yet."""

    first_name = StringField(_l("First name or initials"), validators=[Length(max=60)])
    infix = StringField(_l("Infix"), validators=[Length(max=20)])
    last_name = StringField(_l("Last name"), validators=[InputRequired(), Length(max=80)])
    email = EmailField(_l("E-mail address"))
