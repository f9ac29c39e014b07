"""The forms of a file with opening balances: which file, and what it must come to."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange
from wtforms.widgets import HiddenInput

from app.finance.openings.models import OpeningKind
from app.ui.fields import DutchDateField, MoneyField, options
from app.ui.forms import Form


class OpeningFileForm(Form):
    kind = SelectField(_l("What it holds"), choices=options(OpeningKind))
    file = FileField(_l("File"))


class BalancesForm(Form):
    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    on = DutchDateField(_l("Booked on"), validators=[InputRequired()])
    control = MoneyField(_l("Control total"), validators=[InputRequired()])


class MandatesForm(Form):
    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    count = IntegerField(_l("Number of mandates"), validators=[InputRequired(), NumberRange(1, 50_000)])
    control = MoneyField(_l("Control total"), validators=[InputRequired()])
    told = BooleanField(_l("The donors were told of amount and schedule already"))
