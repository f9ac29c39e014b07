"""The forms of a template, and of using one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, HiddenField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from app.base.errors import Invalid
from app.base.states import N_
from app.staff.queries import active_staff
from app.tasks.models import Priority
from app.tasks.template_models import MOST_DAYS, StepRole, TaskTemplate, TemplateStep, TemplateUse
from app.tasks.template_services import MOST_STEPS, StepPlan, TemplateFacts
from app.ui.fields import DutchDateField
from app.ui.forms import Form

ROWS = 5  # rows to begin with
SPARE = 2  # empty rows below what is there


class StepRow(Form):
    """A step: without a token of its own."""

    class Meta(Form.Meta):
        csrf = False

    title = StringField(_l("What is to be done"), validators=[Length(max=200)])
    days_before = IntegerField(_l("Working days before"), validators=[Optional(), NumberRange(0, MOST_DAYS)])
    role = SelectField(_l("By whom"), coerce=StepRole, validate_choice=False, default=StepRole.OWNER)
    priority = SelectField(_l("How urgent"), coerce=Priority, validate_choice=False, default=Priority.NORMAL)

    @property
    def is_empty(self) -> bool:
        return not self.title.data and self.days_before.data is None and not self.days_before.errors


class TemplateForm(Form):
    name = StringField(_l("Name of the template"), validators=[InputRequired(), Length(max=120)])
    used_for = SelectField(_l("Offered on"), coerce=TemplateUse)
    active = BooleanField(_l("In use"), default=True)
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    steps = FieldList(FormField(StepRow), min_entries=ROWS, max_entries=MOST_STEPS)

    @classmethod
    def of(cls, row: TaskTemplate | None, steps: Iterable[TemplateStep] = ()) -> TemplateForm:
        data: dict[str, Any] = {"steps": []}
        if row is not None:
            there: list[dict[str, Any]] = [
                {"title": s.title, "days_before": s.days_before, "role": s.role, "priority": s.priority} for s in steps
            ]
            data = {"name": row.name, "used_for": row.used_for, "active": row.active, "version": row.version}
            data["steps"] = (there + [{} for _ in range(SPARE)])[:MOST_STEPS]
        form = cls(data=data)
        form.offer()
        return form

    def offer(self) -> None:
        self.used_for.choices = [SelectChoice(use.value, gettext(use.label)) for use in TemplateUse]
        for row in self.steps:
            row.form.role.choices = [SelectChoice(role.value, gettext(role.label)) for role in StepRole]
            row.form.priority.choices = [SelectChoice(p.value, gettext(p.label)) for p in Priority]

    def more(self) -> None:
        if len(self.steps) < MOST_STEPS:
            self.steps.append_entry()
        self.offer()

    def facts(self) -> TemplateFacts:
        """What is filled in. Raises Invalid for a row that is half filled in."""
        steps = []
        for row in (entry.form for entry in self.steps if not entry.form.is_empty):
            for field in (row.title, row.days_before):
                if field.data in (None, ""):
                    field.errors = [gettext("Please fill this in, or empty the row.")]
                    raise Invalid(N_("A step is half filled in."))
            steps.append(
                StepPlan(
                    title=row.title.data, days_before=row.days_before.data, role=row.role.data or StepRole.OWNER,
                    priority=row.priority.data or Priority.NORMAL,
                )
            )  # fmt: skip
        return TemplateFacts(
            name=self.name.data, used_for=self.used_for.data, active=bool(self.active.data), steps=steps
        )


class ApplyForm(Form):
    """The deadline, and who does what; roles that no step has are not asked."""

    due_on = DutchDateField(_l("Deadline"), validators=[InputRequired()])
    owner = SelectField(StepRole.OWNER.label)
    assignee = SelectField(StepRole.ASSIGNEE.label)
    reviewer = SelectField(StepRole.REVIEWER.label)
    finance = SelectField(StepRole.FINANCE.label)
    form_key = HiddenField(validators=[Length(max=40)])
    next = HiddenField()

    @classmethod
    def of(cls, roles: Iterable[StepRole], known: Mapping[StepRole, int | None], due_on: date | None, key: str) -> Any:
        data = {role.value: str(known.get(role) or "") for role in StepRole if role is not StepRole.NOBODY}
        form = cls(data=data | {"due_on": due_on, "form_key": key})
        people = [SelectChoice(str(member.id), member.name) for member in active_staff()]
        used = set(roles)
        for role in StepRole:
            if role is StepRole.NOBODY:
                continue
            if role not in used:
                del form[role.value]
                continue
            form[role.value].label.text = gettext(role.label)
            form[role.value].choices = [SelectChoice("", gettext("nobody in particular")), *people]
        return form

    @property
    def people(self) -> dict[StepRole, int | None]:
        return {
            role: int(self[role.value].data) if self[role.value].data else None
            for role in StepRole
            if role.value in self._fields
        }

    @property
    def asked(self) -> list[Any]:
        return [self[role.value] for role in StepRole if role.value in self._fields]
