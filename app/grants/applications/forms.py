"""The forms of the pipeline."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.grants import choices
from app.grants.applications.models import OPEN_STAGES, Application, Stage
from app.grants.applications.services import ApplicationFacts
from app.grants.funders import queries as funders
from app.grants.history import NOTE_LENGTH
from app.grants.pages import VersionedForm, filled
from app.grants.rounds import queries as rounds
from app.ui.fields import DutchDateField, MoneyField
from app.ui.forms import Form


class ApplicationFields(Form):
    LAYOUT = [
        ["funder_id"],
        ["title"],
        ["ask", "expected"],
        ["round_id", "decision_on"],
        ["programme_id", "owner_id"],
        ["probability", "probability_reason"],
        ["in_short"],
    ]

    funder_id = SelectField(_l("Funder"), coerce=choices.row_id, validators=[InputRequired()])
    title = StringField(_l("What it is for"), validators=[InputRequired(), Length(max=200)])
    ask = MoneyField(_l("Amount we ask"), validators=[InputRequired()])
    expected = MoneyField(_l("Amount we expect"), zero=True)
    probability = IntegerField(_l("Own probability, in percent"), validators=[Optional(), NumberRange(0, 100)])
    probability_reason = StringField(_l("Why this probability"), validators=[Length(max=500)])
    owner_id = SelectField(_l("Owner"), coerce=choices.row_id)
    programme_id = SelectField(_l("Programme"), coerce=choices.row_id)
    round_id = SelectField(_l("Round"), coerce=choices.row_id)
    decision_on = DutchDateField(_l("Decision expected on"))
    in_short = TextAreaField(_l("In short"), validators=[Length(max=4000)])

    def offer(self, today: date, row: Application | None = None) -> None:
        names = dict(funders.choices())
        self.funder_id.choices = list(names.items())
        self.owner_id.choices = choices.people(row.owner_id if row else None)
        self.programme_id.choices = choices.programme_pairs(row.programme_id if row else None)
        open_rounds = rounds.choices(today, row.round_id if row else None)
        self.round_id.choices = [("", "–"), *((i, f"{names.get(f, '')}: {name}") for i, name, f in open_rounds)]

    def facts(self) -> ApplicationFacts:
        return ApplicationFacts(
            funder_id=self.funder_id.data,
            title=self.title.data,
            ask_cents=filled(self.ask.data).cents,
            expected_cents=self.expected.data.cents if self.expected.data is not None else None,
            probability=self.probability.data,
            probability_reason=self.probability_reason.data or "",
            owner_id=self.owner_id.data,
            programme_id=self.programme_id.data,
            round_id=self.round_id.data,
            decision_on=self.decision_on.data,
            summary=self.in_short.data or "",
        )


class NewApplicationForm(ApplicationFields):
    LAYOUT = [["stage"], *ApplicationFields.LAYOUT]

    stage = SelectField(_l("Stage"), coerce=Stage, validators=[InputRequired()])

    def offer(self, today: date, row: Application | None = None) -> None:
        super().offer(today, row)
        self.stage.choices = choices.labelled(OPEN_STAGES)


class ApplicationForm(VersionedForm, ApplicationFields):
    @classmethod
    def of(cls, row: Application, today: date, **kwargs: Any) -> ApplicationForm:
        names = [
            name for name in ApplicationFacts.__dataclass_fields__ if not name.endswith("_cents") and name != "summary"
        ]
        data = {name: getattr(row, name) for name in ("version", *names)}
        form = cls(
            data=data | {"ask": row.ask_cents, "expected": row.expected_cents, "in_short": row.summary}, **kwargs
        )
        form.offer(today, row)
        return form


class MoveForm(VersionedForm):
    stage = SelectField(_l("Stage"), coerce=Stage, choices=[SelectChoice(stage.value) for stage in Stage])
    note = TextAreaField(_l("Note"), validators=[Length(max=NOTE_LENGTH)])


class DeclineForm(VersionedForm):
    reason = TextAreaField(_l("Reason they gave"), validators=[InputRequired(), Length(max=NOTE_LENGTH)])
    resubmit_on = DutchDateField(_l("Ask again on"))
