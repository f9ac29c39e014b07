"""The form of a move between funds."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FileField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.finance.funds.moving import NewMove
from app.ui.fields import DutchDateField, MoneyField
from app.ui.forms import Form


class MoveForm(Form):
    amount = MoneyField(_l("Amount"), validators=[InputRequired()])
    from_key = SelectField(_l("From"), validators=[InputRequired()])
    to_key = SelectField(_l("To"), validators=[InputRequired()])
    booked_on = DutchDateField(_l("Booking date"), validators=[InputRequired()])
    reason = TextAreaField(_l("Why it is moved"), validators=[InputRequired(), Length(max=500)])
    decided_by = StringField(_l("Who decided"), validators=[InputRequired(), Length(max=200)])
    decided_on = DutchDateField(_l("Decided on"), validators=[InputRequired()])
    file = FileField(_l("The decision"))
    below_reason = TextAreaField(_l("Why it may go below zero"), validators=[Length(max=500)])

    def wanted(self) -> NewMove:
        assert self.amount.data
        assert self.booked_on.data
        assert self.decided_on.data
        return NewMove(
            cents=self.amount.data.cents, from_key=self.from_key.data, to_key=self.to_key.data,
            booked_on=self.booked_on.data, reason=(self.reason.data or "").strip(),
            decided_by=(self.decided_by.data or "").strip(), decided_on=self.decided_on.data,
            below_reason=(self.below_reason.data or "").strip(),
        )  # fmt: skip
