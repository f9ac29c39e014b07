"""The form of a year's end: what goes to each fund, and why it is other than proposed."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from app.finance.figures.forms import TotalField
from app.finance.yearend.proposal import Proposal
from app.ui.forms import Form


class YearEndForm(Form):
    seen = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    reason = TextAreaField(_l("Why it is other than proposed"), validators=[Length(max=500)])

    def moves(self) -> dict[str, int]:
        """Signed cents to each fund, by the key of its part."""
        return {f.name[5:]: f.data.cents for f in self if f.name.startswith("move_") and f.data is not None}


def year_end_form(proposal: Proposal, names: dict[str, str], **kwargs: Any) -> YearEndForm:
    """With a field for each fund (`names` by key), filled with what is proposed."""
    made: dict[str, Any] = {}
    data: dict[str, Any] = {"seen": proposal.result}
    for part in proposal.parts:
        name = f"move_{part.key}"
        label = _("To %(name)s", name=names[part.key])
        made[name] = TotalField(label, validators=[InputRequired()])
        data[name] = part.proposed
    form: YearEndForm = type("FundsForm", (YearEndForm,), made)(data=data, **kwargs)
    return form
