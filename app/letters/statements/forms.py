"""Which paper, and of which range."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired

from app.base.errors import Invalid
from app.base.states import N_
from app.ui.fields import DutchDateField, options
from app.ui.forms import Form


class PaperForm(Form):
    kind = RadioField(_l("What"), validators=[InputRequired()])
    start = DutchDateField(_l("From"), validators=[InputRequired()])
    end = DutchDateField(_l("Up to and including"), validators=[InputRequired()])
    with_partner = BooleanField(_l("Address it to the partner as well"))

    def choose(self) -> None:
        self.kind.choices = options([("statement", _l("Statement of gifts")), ("thanks", _l("Letter of thanks"))])

    def checked(self) -> bool:
        """Whether the range makes sense; says beside the field what is wrong."""
        if self.start.data and self.end.data and self.start.data > self.end.data:
            self.add_error(Invalid(N_("The last day lies before the first."), field="end"))
        return not self.has_errors


class YearForm(Form):
    year = SelectField(_l("Year"), validators=[InputRequired()])
    copies = BooleanField(_l("Also for who has the same statement already"))

    def choose(self, years: Sequence[int]) -> None:
        self.year.choices = options([(str(year), str(year)) for year in years])
