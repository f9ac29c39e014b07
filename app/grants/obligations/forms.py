"""The forms of an obligation and its steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FileField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from app.grants import choices
from app.grants.awards.plans import ObligationPlan
from app.grants.history import NOTE_LENGTH
from app.grants.obligations.models import Obligation, ObligationKind, ObligationState
from app.grants.pages import KeptFileField, VersionedForm
from app.ui.fields import DutchDateField
from app.ui.forms import Form


class ObligationFields(Form):
    LAYOUT = [
        ["kind", "title"],
        ["due_on", "internal_due_on"],
        ["period_from", "period_to"],
        ["assignee_id", "reviewer_id"],
        ["instructions"],
    ]

    kind = SelectField(_l("What"), coerce=ObligationKind, validators=[InputRequired()])
    title = StringField(_l("Name, if the kind does not say enough"), validators=[Length(max=200)])
    due_on = DutchDateField(_l("Due at the funder"), validators=[InputRequired()])
    internal_due_on = DutchDateField(_l("Ready inside our house"))
    period_from = DutchDateField(_l("Period covered, from"))
    period_to = DutchDateField(_l("Period covered, to"))
    assignee_id = SelectField(_l("Who does it"), coerce=choices.row_id)
    reviewer_id = SelectField(_l("Who reviews it"), coerce=choices.row_id)
    instructions = TextAreaField(_l("What the funder asks"), validators=[Length(max=4000)])

    def offer(self, kinds: Iterable[ObligationKind], row: Obligation | None = None) -> None:
        self.kind.choices = choices.labelled(kinds)
        self.assignee_id.choices = choices.people(row.assignee_id if row else None)
        self.reviewer_id.choices = choices.people(row.reviewer_id if row else None)

    def plan(self) -> ObligationPlan:
        values = {name: self[name].data for name in ObligationPlan.__dataclass_fields__}
        return ObligationPlan(**values | {"title": values["title"] or "", "instructions": values["instructions"] or ""})


class ObligationForm(VersionedForm, ObligationFields):
    @classmethod
    def of(cls, row: Obligation, kinds: Iterable[ObligationKind], **kwargs: Any) -> ObligationForm:
        form = cls(
            data={name: getattr(row, name) for name in ("version", *ObligationPlan.__dataclass_fields__)}, **kwargs
        )
        form.offer(kinds, row)
        return form


class StepForm(VersionedForm):
    state = SelectField(_l("State"), coerce=ObligationState, choices=[SelectChoice(s.value) for s in ObligationState])
    note = TextAreaField(_l("Note"), validators=[Length(max=NOTE_LENGTH)])


class SubmitForm(VersionedForm):
    submitted_on = DutchDateField(_l("Sent on"), validators=[InputRequired()])
    proof = StringField(_l("Proof in words"), validators=[Length(max=1000)])
    file = KeptFileField(_l("Proof as a file"))


class AcceptForm(VersionedForm):
    accepted_on = DutchDateField(_l("Accepted on"), validators=[InputRequired()])


class RevisionForm(VersionedForm):
    note = TextAreaField(_l("What the funder asks"), validators=[InputRequired(), Length(max=NOTE_LENGTH)])
    due_on = DutchDateField(_l("New date, if they gave one"))


class WaiveForm(VersionedForm):
    reason = TextAreaField(_l("Who waived it, and why"), validators=[InputRequired(), Length(max=NOTE_LENGTH)])


class TakeBackAcceptanceForm(VersionedForm):
    note = TextAreaField(_l("Why it is taken back"), validators=[InputRequired(), Length(max=NOTE_LENGTH)])


class FileForm(Form):
    file = FileField(_l("File"))


class ReasonForm(Form):
    note = TextAreaField(_l("Reason"), validators=[InputRequired(), Length(max=NOTE_LENGTH)])
