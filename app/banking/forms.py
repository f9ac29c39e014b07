"""Forms of the bank pages."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, IntegerField, MultipleFileField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.banking.formats.csv_columns import DATE_FORMATS, FIELDS
from app.gifts.entering import Thanks
from app.programmes.queries import active_programmes
from app.ui.fields import MoneyField, options
from app.ui.forms import Form
from app.ui.languages import language


class ImportForm(Form):
    files = MultipleFileField(_l("Bank files"))


class ColumnsForm(Form):
    """What the columns of a CSV mean; its fields are those of formats/csv_columns.py."""

    account_id = SelectField(_l("Of which account"), validators=[InputRequired()])
    date_format = SelectField(_l("How dates are written"))

    def offer(self, accounts: list[tuple[int, str]], names: list[str]) -> None:
        self.account_id.choices = options(accounts)
        pairs = [(index, name or _("Column %(number)s", number=index + 1)) for index, name in enumerate(names)]
        for each in FIELDS:
            self[f"column_{each}"].choices = options(pairs, empty="–")
        self.date_format.choices = options((each, _as_written(each)) for each in DATE_FORMATS)

    @property
    def at(self) -> dict[str, int]:
        return {each: int(value) for each in FIELDS if (value := self[f"column_{each}"].data)}


def _as_written(pattern: str) -> str:
    """How a day looks when it is written so."""
    return date(2026, 11, 23).strftime(pattern)


for _name, (_label, _headings) in FIELDS.items():
    setattr(ColumnsForm, f"column_{_name}", SelectField(_l(_label)))


class PayoutFileForm(Form):
    file = FileField(_l("Settlement export"))


class GiftOfForm(Form):
    """A payment on the bank is a gift of this supporter, all of it or a part."""

    donor = StringField(_l("Whose gift is it?"), validators=[InputRequired(), Length(max=100)])
    pick = StringField()  # chosen among those shown, or to be made
    amount = MoneyField(_l("Amount"), validators=[InputRequired()])
    programme_id = SelectField(_l("For"))
    thanks = SelectField(_l("Thanks"), choices=options(Thanks), default=Thanks.MAIL.value)
    remember = BooleanField(_l("Always book money of this account like this"))

    def choose(self) -> None:
        names = [(p.id, p.name(language())) for p in active_programmes()]
        self.programme_id.choices = options(names, empty=_l("Where it is needed most"))

    @property
    def programme(self) -> int | None:
        return int(self.programme_id.data) if self.programme_id.data else None


class ThresholdForm(Form):
    threshold = IntegerField(_l("Book by itself from"), validators=[InputRequired()])


class RememberForm(Form):
    always = BooleanField(_l("Always, for this account"))
