"""What finance fills in by hand."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.base.errors import Invalid
from app.base.ids import id_in
from app.base.states import N_
from app.gifts.entering import Part, Source, Thanks
from app.gifts.models import BANK_TRANSFER, CASH, IN_KIND, WAIVED
from app.ledger.rj import INCOME_LINES
from app.programmes.queries import active_campaigns, active_programmes
from app.supporters.models import Kind
from app.ui.fields import DutchDateField, EmailField, MoneyField, options
from app.ui.forms import Form
from app.ui.languages import language

INCOME = [(line.value, _l(line.label)) for line in INCOME_LINES]


class ReceiveForm(Form):
    """A promised transfer came in."""

    amount = MoneyField(_l("Amount received"), validators=[InputRequired()])
    received_on = DutchDateField(_l("Received on"), validators=[InputRequired()])
    bank_reference = StringField(_l("Reference of the bank"), validators=[InputRequired(), Length(max=80)])


class OnceMixin:
    """`key` is made with the form: sent twice, it is done once."""

    key = HiddenField()

    @property
    def once(self) -> int:
        """The key as a row id. Raises Invalid where somebody changed it."""
        once = id_in(self.key.data)
        if once is None:
            raise Invalid(N_("The form was open too long or came from elsewhere. Please send it once more."))
        return once


class _RefundForm(OnceMixin, Form):
    amount = MoneyField(_l("Amount that goes back"), validators=[InputRequired()])
    reason = StringField(_l("Why"), validators=[InputRequired(), Length(max=100)])


class ProviderRefundForm(_RefundForm):
    """A refund that the payment provider carries out."""


class HandRefundForm(_RefundForm):
    """A refund that we paid ourselves."""

    refunded_on = DutchDateField(_l("Paid back on"), validators=[InputRequired()])
    bank_reference = StringField(_l("Reference of the bank"), validators=[Length(max=80)])


class PurposeForm(Form):
    """What a gift is for."""

    programme_id = SelectField(_l("For"))
    campaign_id = SelectField(_l("Campaign"))

    def choose(self) -> None:
        """Fill the choices of this moment."""
        lang = language()
        self.programmes = [(p.id, p.name(lang)) for p in active_programmes()]
        self.programme_id.choices = options(self.programmes, empty=_l("Where it is needed most"))
        self.campaign_id.choices = options([(c.id, c.name(lang)) for c in active_campaigns()], empty=_l("None"))

    @property
    def purpose(self) -> tuple[int | None, int | None]:
        """(programme, campaign) as ids."""
        return _id(self.programme_id), _id(self.campaign_id)


def _id(field: Any) -> int | None:
    return int(field.data) if field.data else None


class EarmarkForm(PurposeForm):
    """Another purpose for a gift."""

    reason = StringField(_l("Why"), validators=[InputRequired(), Length(max=200)])
    booked_on = DutchDateField(_l("Booked on"), validators=[InputRequired()])


class GiftForm(OnceMixin, PurposeForm):
    """A gift of a supporter who is known."""

    amount = MoneyField(_l("Amount"), validators=[InputRequired()])
    given_on = DutchDateField(_l("Received on"), validators=[InputRequired()])
    method = RadioField(_l("How it came"), validators=[InputRequired()])
    bank_reference = StringField(_l("Reference of the bank"), validators=[Length(max=140)])
    description = StringField(_l("What was given"), validators=[Length(max=200)])
    declared = BooleanField(_l(
        "We had agreed on this allowance in writing, could and would have paid it, and the volunteer did without it of their own free will. We declare so to the volunteer."  # noqa: E501
    ))  # fmt: skip
    proven = BooleanField(_l("It is above the yearly maximum. It is costs really made, and we have the receipts."))
    source = SelectField(_l("What it came of"), choices=options(Source), default=Source.STAFF.value)
    rj_line = SelectField(_l("Line of RJ 650"), choices=options(INCOME, empty=_l("By who gives")))
    thanks = SelectField(_l("Thanks"), choices=options(Thanks), default=Thanks.MAIL.value)
    programme_1, programme_2, programme_3, programme_4 = (SelectField(_l("For")) for _ in range(4))
    amount_1, amount_2, amount_3, amount_4 = (MoneyField(_l("Amount")) for _ in range(4))

    def choose(self) -> None:
        super().choose()
        ways = [(BANK_TRANSFER, _l("Bank transfer")), (CASH, _l("Cash")), (IN_KIND, _l("In kind")),
                (WAIVED, _l("A volunteer’s allowance, waived"))]  # fmt: skip
        self.method.choices = options(ways)
        for programme, _amount in self.splits:
            programme.choices = self.programme_id.choices

    @property
    def splits(self) -> list[tuple[Any, Any]]:
        """The rows of the split: (purpose, amount)."""
        return [(self[f"programme_{n}"], self[f"amount_{n}"]) for n in range(1, 5)]

    @property
    def is_split(self) -> bool:
        """Whether anything stands in the rows of the split, right or wrong."""
        return any(amount.data or amount.errors or programme.errors for programme, amount in self.splits)

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(Part(_id(programme), amount.data.cents) for programme, amount in self.splits if amount.data)


class NewDonorForm(GiftForm):
    """A gift of somebody who is not known yet."""

    donor_kind = SelectField(_l("Donor"), choices=options(Kind), default=Kind.PERSON.value)
    first_name = StringField(_l("First name or initials"), validators=[Length(max=60)])
    infix = StringField(_l("Infix"), validators=[Length(max=20)])
    last_name = StringField(_l("Last name, or name of the organisation"), validators=[InputRequired(), Length(max=80)])
    email = EmailField(_l("E-mail address"))


class LegacyForm(Form):
    """What somebody left us."""

    expected = MoneyField(_l("Expected amount"))
    expected_on = DutchDateField(_l("Expected on"))
    programme_id = SelectField(_l("For"))
    notary = StringField(_l("Notary and file number"), validators=[Length(max=120)])

    def choose(self) -> None:
        names = [(p.id, p.name(language())) for p in active_programmes()]
        self.programme_id.choices = options(names, empty=_l("Where it is needed most"))

    @property
    def purpose(self) -> int | None:
        return _id(self.programme_id)


class ControlForm(Form):
    """What the statement or the counting list says."""

    control = MoneyField(_l("Control total"), validators=[InputRequired()])
    count = IntegerField(_l("Number of gifts"), validators=[InputRequired()])


class BatchForm(ControlForm, PurposeForm):
    """A batch to be entered."""

    name = StringField(_l("Name"), validators=[InputRequired(), Length(max=80)])
    given_on = DutchDateField(_l("Received on"), validators=[InputRequired()])
    method = RadioField(_l("How it came"), validators=[InputRequired()])
    declared = BooleanField(_l(
        "We had agreed on this allowance in writing, could and would have paid it, and the volunteer did without it of their own free will. We declare so to the volunteer."  # noqa: E501
    ))  # fmt: skip
    source = SelectField(_l("What it came of"), choices=options(Source))
    thanks = SelectField(_l("Thanks"), choices=options(Thanks))

    def choose(self) -> None:
        super().choose()
        self.method.choices = options([(BANK_TRANSFER, _l("Bank transfer")), (CASH, _l("Cash"))])


class BatchRowForm(OnceMixin, Form):
    """One row of a batch."""

    donor = StringField(_l("Donor"), validators=[InputRequired(), Length(max=100)])
    pick = StringField()
    amount = MoneyField(_l("Amount"), validators=[InputRequired()])
    given_on = DutchDateField(_l("Received on"), validators=[InputRequired()])
    programme_id = SelectField(_l("For"))
    bank_reference = StringField(_l("Reference of the bank"), validators=[Length(max=80)])

    def choose(self) -> None:
        names = [(p.id, p.name(language())) for p in active_programmes()]
        self.programme_id.choices = options(names, empty=_l("Where it is needed most"))
