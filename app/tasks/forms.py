"""The form of a task."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from app.staff.queries import active_staff, by_ids
from app.tasks.models import Priority
from app.ui.fields import DutchDateField
from app.ui.forms import Form


class TaskForm(Form):
    title = StringField(_l("What is to be done"), validators=[InputRequired(), Length(max=200)])
    due_on = DutchDateField(_l("By"), validators=[InputRequired()])
    owner = SelectField(_l("By whom"))
    priority = SelectField(_l("How urgent"), default=Priority.NORMAL.value)
    next = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [SelectChoice(str(member.id), member.name) for member in active_staff()]
        self.owner.choices = [SelectChoice("", gettext("nobody in particular")), *people]
        self.priority.choices = [SelectChoice(p.value, gettext(p.label)) for p in Priority]

    def keep(self, owner_id: int | None) -> None:
        """Somebody who has left stays in the list while the task is theirs."""
        if owner_id is not None and str(owner_id) not in {choice.value for choice in self.owner.choices}:
            gone = [SelectChoice(str(i), member.name) for i, member in by_ids([owner_id]).items()]
            self.owner.choices = [*self.owner.choices, *gone]

    @property
    def day(self) -> date:
        day: date | None = self.due_on.data
        assert day is not None
        return day

    @property
    def owner_id(self) -> int | None:
        return int(self.owner.data) if self.owner.data else None

    @property
    def chosen_priority(self) -> Priority:
        return next(p for p in Priority if p.value == self.priority.data)
