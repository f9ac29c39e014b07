"""Forms of the bank pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, MultipleFileField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.programmes.queries import active_programmes
from app.ui.fields import MoneyField, options
from app.ui.forms import Form
from app.ui.languages import language


class ImportForm(Form):
    files = MultipleFileField(_l("Bank files"))


class PayoutFileForm(Form):
    file = FileField(_l("Settlement export"))


class GiftOfForm(Form):
    """A payment on the bank is a gift of this supporter, all of it or a part."""

    donor = StringField(_l("Whose gift is it?"), validators=[InputRequired(), Length(max=100)])
    pick = StringField()  # chosen among those shown, or to be made
    amount = MoneyField(_l("Amount"), validators=[InputRequired()])
    programme_id = SelectField(_l("For"))
    remember = BooleanField(_l("Always book money of this account like this"))

    def choose(self) -> None:
        names = [(p.id, p.name(language())) for p in active_programmes()]
        self.programme_id.choices = options(names, empty=_l("Where it is needed most"))

    @property
    def programme(self) -> int | None:
        return int(self.programme_id.data) if self.programme_id.data else None


class RememberForm(Form):
    always = BooleanField(_l("Always, for this account"))
