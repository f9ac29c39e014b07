"""The forms of a budget and of a change asked of the funder."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DecimalField,
    FieldList,
    FormField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from app.base.errors import Invalid
from app.base.states import N_
from app.grants import choices
from app.grants.budgets.models import AmendmentKind, BudgetRow, Category
from app.grants.budgets.services import LinePlan
from app.grants.history import NOTE_LENGTH
from app.grants.pages import VersionedForm
from app.ui.fields import DutchDateField, MoneyField
from app.ui.forms import Form

MOST, SPARE = 200, 3


class LineRow(Form):
    class Meta(Form.Meta):
        csrf = False

    line_id = IntegerField(widget=HiddenInput(), validators=[Optional()])
    code = StringField(_l("Code"), validators=[Length(max=40)])
    name = StringField(_l("Budget line"), validators=[Length(max=200)])
    category = SelectField(_l("Category"), coerce=choices.optional(Category), validate_choice=False)
    amount = MoneyField(_l("Amount"), zero=True)
    partner_id = SelectField(_l("For"), coerce=choices.row_id, validate_choice=False)
    tolerance = DecimalField(_l("Tolerance in %"), places=2, validators=[Optional(), NumberRange(0, 100)])

    @property
    def is_empty(self) -> bool:
        return not (self.name.data or self.amount.raw_data and self.amount.raw_data[0] or self.code.data)


class DraftForm(VersionedForm):
    note = TextAreaField(_l("Note"), validators=[Length(max=NOTE_LENGTH)])
    lines = FieldList(FormField(LineRow), max_entries=MOST)
    partners: choices.Pairs = []  # whose a line can be; without partners it is not asked

    @classmethod
    def of(cls, rows: list[BudgetRow], version: int, note: str, partners: choices.Pairs) -> DraftForm:
        data = [
            {
                "line_id": row.budget_line_id,
                "code": row.code,
                "name": row.name,
                "category": row.category,
                "amount": row.revised_cents,
                "partner_id": row.partner_id,
                "tolerance": None if row.tolerance_bp is None else row.tolerance_bp / 100,
            }
            for row in rows
        ]
        form = cls(data={"version": version, "note": note, "lines": data + [{}] * SPARE})
        form.partners = partners
        form.offer()
        return form

    def offer(self) -> None:
        for row in self.lines:
            row.form.category.choices = choices.labelled(Category)
            row.form.partner_id.choices = [("", _("Ourselves")), *self.partners]

    def more(self) -> None:
        for _more in range(min(SPARE, MOST - len(self.lines))):
            self.lines.append_entry()
        self.offer()

    def plans(self) -> list[LinePlan]:
        made: list[LinePlan] = []
        for row in (each.form for each in self.lines if not each.form.is_empty):
            if row.amount.data is None:
                raise Invalid(N_("Please fill this in, or empty the row."), field=f"lines-{len(made)}-amount")
            tolerance = row.tolerance.data
            made.append(
                LinePlan(
                    line_id=row.line_id.data,
                    code=row.code.data or "",
                    name=row.name.data or "",
                    category=row.category.data or Category.OTHER,
                    cents=row.amount.data.cents,
                    partner_id=row.partner_id.data,
                    tolerance_bp=None if tolerance is None else round(tolerance * 100),
                )
            )
        return made

    def add_error(self, error: Any) -> None:
        """Errors of lines go beside the field: `lines-2-amount`."""
        name, _dash, rest = (error.field or "").partition("-")
        place, _dash, inner = rest.partition("-")
        rows = [each.form for each in self.lines if not each.form.is_empty]
        if name == "lines" and place.isdigit() and int(place) < len(rows) and inner in rows[int(place)]:
            rows[int(place)].add_error(Invalid(error.message, field=inner, **error.params))
            return
        super().add_error(error)


class AmendmentForm(Form):
    kind = SelectField(_l("What changes"), coerce=AmendmentKind, validators=[InputRequired()])
    requested_on = DutchDateField(_l("Asked on"), validators=[InputRequired()])
    ends_on = DutchDateField(_l("New end of the period"))
    amount = MoneyField(_l("New amount of the grant"))
    with_budget = BooleanField(_l("With the draft of the budget"))
    move_dues = BooleanField(_l("Move what is due at or after the old end by as much"))
    reason = TextAreaField(_l("What we ask, and why"), validators=[InputRequired(), Length(max=NOTE_LENGTH)])


class DecisionForm(VersionedForm):
    decided_on = DutchDateField(_l("Decided on"), validators=[InputRequired()])
    answer = TextAreaField(_l("The funder's answer"), validators=[Length(max=NOTE_LENGTH)])
