"""The form of a round."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.grants.choices import labelled
from app.grants.pages import VersionedForm, filled
from app.grants.rounds.models import Recurrence, Round
from app.grants.rounds.services import RoundFacts
from app.ui.fields import DutchDateField
from app.ui.forms import Form


class RoundFields(Form):
    LAYOUT = [["name"], ["opens_on", "closes_on", "decision_on"], ["recurrence"]]

    name = StringField(_l("Name of the round"), validators=[InputRequired(), Length(max=200)])
    opens_on = DutchDateField(_l("Opens on"))
    closes_on = DutchDateField(_l("Last day to apply"), validators=[InputRequired()])
    decision_on = DutchDateField(_l("Decision expected on"))
    recurrence = SelectField(_l("Comes back"), coerce=Recurrence, validators=[InputRequired()])

    def offer(self) -> None:
        self.recurrence.choices = labelled(Recurrence)

    def facts(self) -> RoundFacts:
        return RoundFacts(
            name=self.name.data,
            closes_on=filled(self.closes_on.data),
            opens_on=self.opens_on.data,
            decision_on=self.decision_on.data,
            recurrence=self.recurrence.data,
        )


class RoundForm(VersionedForm, RoundFields):
    @classmethod
    def of(cls, row: Round, **kwargs: Any) -> RoundForm:
        names = ("version", "name", "opens_on", "closes_on", "decision_on", "recurrence")
        form = cls(data={name: getattr(row, name) for name in names}, **kwargs)
        form.offer()
        return form
