"""The forms of a project, its sources, its funder's rules and its cover plan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FieldList, FormField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from app.base.errors import Invalid
from app.base.money import Money, format_money, parse_money
from app.base.states import N_
from app.grants import choices
from app.grants.budgets.models import Category
from app.grants.history import NOTE_LENGTH
from app.grants.pages import VersionedForm, filled
from app.grants.projects import planning
from app.grants.projects.models import CoverRule, OverheadRule, Project, SourceKind
from app.grants.projects.plan import Line, Part, Plan, Source
from app.grants.projects.plan import Row as PlanRow
from app.grants.projects.planning import MOST_LINES, LinePlan
from app.grants.projects.services import ProjectFacts, RuleFacts
from app.ui import filters
from app.ui.fields import DutchDateField, MoneyField, typed_money
from app.ui.forms import Form
from app.ui.languages import language

SPARE = 3
COSTS = ("amount", "hours", "rate", "percent")


class ProjectForm(Form):
    LAYOUT = [["name"], ["programme_id", "lead_id"], ["starts_on", "ends_on"], ["note"]]

    name = StringField(_l("Name"), validators=[InputRequired(), Length(max=200)])
    programme_id = SelectField(_l("Programme"), coerce=choices.row_id)
    lead_id = SelectField(_l("Project lead"), coerce=choices.row_id)
    starts_on = DutchDateField(_l("Starts"), validators=[InputRequired()])
    ends_on = DutchDateField(_l("Ends"), validators=[InputRequired()])
    note = TextAreaField(_l("Note"), validators=[Length(max=NOTE_LENGTH)])

    def offer(self, row: Project | None = None) -> None:
        self.programme_id.choices = choices.programme_pairs(row.programme_id if row else None)
        self.lead_id.choices = choices.people(row.lead_id if row else None)

    def facts(self) -> ProjectFacts:
        return ProjectFacts(
            name=filled(self.name.data),
            starts_on=filled(self.starts_on.data),
            ends_on=filled(self.ends_on.data),
            programme_id=self.programme_id.data,
            lead_id=self.lead_id.data,
            note=self.note.data or "",
        )


class ChangeProjectForm(VersionedForm, ProjectForm):
    @classmethod
    def of(cls, row: Project, **kwargs: Any) -> ChangeProjectForm:
        form: ChangeProjectForm = cls(obj=row, **kwargs)
        form.offer(row)
        return form


class SourceForm(Form):
    LAYOUT = [["kind"], ["grant_id"], ["name"]]

    kind = SelectField(_l("Who pays"), coerce=SourceKind, validators=[InputRequired()])
    grant_id = SelectField(_l("Grant"), coerce=choices.row_id)
    name = StringField(_l("Name"), validators=[Length(max=200)])


class FigureField(MoneyField):
    """A number of at most two decimals, typed as amounts are; data is Money of its hundredths. Also `12,5 %`."""

    grouped = echo = False

    def read(self, text: str) -> Money:
        return super().read(text.removesuffix("%"))

    def _said(self, amount: Money) -> str:
        return format_money(amount.cents, language(), sign=False)


class HoursField(FigureField):
    grouped = True  # 1.200 hours, as the plan shows them; the line tells at once what they come to


class CoverField(MoneyField):
    """What a source pays: an amount, or a share as `50%`. Data is a Part."""

    def read(self, text: str) -> Any:
        share = re.fullmatch(r"\s*(\d{1,3}(?:[.,]\d{1,2})?)\s*%\s*", text, re.ASCII)
        if share:
            return Part(share_bp=parse_money(share[1]).cents)
        if "%" in text:
            raise Invalid(N_("This is not a share. Write it as 50% or 12,5%, at most 999."))
        return Part(cents=typed_money(text).cents)

    def shown(self, data: Any) -> str:
        if data.share_bp is None:
            return super().shown(Money(data.cents))
        return super().shown(Money(data.share_bp)).removesuffix(",00").removesuffix(".00") + "%"


class LineRow(Form):
    class Meta(Form.Meta):
        csrf = False

    line_id = IntegerField(widget=HiddenInput(), validators=[Optional()])
    name = StringField(_l("What it costs money for"), validators=[Length(max=200)])
    category = SelectField(_l("Category"), coerce=choices.optional(Category), validate_choice=False)
    amount = MoneyField(_l("Amount"), zero=True)
    hours = HoursField(_l("or hours"), maximum=Money(100_000_000))
    rate = MoneyField(_l("at a rate of"))
    percent = FigureField(_l("or % of the direct costs"), maximum=Money(10_000))

    @property
    def is_empty(self) -> bool:
        return not any(field._value() for field in self if field.name.rpartition("-")[2] not in ("line_id", "category"))


class PlanForm(VersionedForm):
    """The plan as one form; `SOURCES` are its columns. Made by `plan_form`."""

    SOURCES: Sequence[Source] = ()
    lines: FieldList

    def offer(self) -> None:
        for row in self.lines:
            row.form.category.choices = choices.labelled(Category)

    def more(self) -> None:
        for _place in range(min(SPARE, MOST_LINES - len(self.lines))):
            self.lines.append_entry()
        self.offer()

    def plans(self) -> list[LinePlan]:
        return [_plan(row, place, self.SOURCES) for place, row in enumerate(self._rows())]

    def tally(self) -> tuple[Plan, dict[str, PlanRow]]:
        """The sums of what is typed so far, and of each line by the name of its fields."""
        names, lines = [], []
        for each in self.lines:
            if not each.form.is_empty:
                with suppress(Invalid):
                    lines.append(_plan(each.form, 0, self.SOURCES))
                    names.append(each.name)
        plan = planning.tried(lines, self.SOURCES)
        return plan, dict(zip(names, plan.rows, strict=True))

    def _rows(self) -> list[Any]:
        return [each.form for each in self.lines if not each.form.is_empty]

    def add_error(self, error: Any) -> None:
        """Errors of lines go beside the field: `lines-2-amount`."""
        name, _dash, rest = (error.field or "").partition("-")
        place, _dash, inner = rest.partition("-")
        rows = self._rows()
        if name == "lines" and place.isdigit() and int(place) < len(rows) and inner in rows[int(place)]:
            rows[int(place)].add_error(Invalid(error.message, field=inner, **error.params))
            return
        super().add_error(error)

    def catch_up(self, stored: PlanForm) -> list[tuple[str, str, str]]:
        """For who comes second: (line and field, what is stored now, what was typed) of all that differs.

        Lines that somebody else added meanwhile are put under one's own, so that saving again loses neither.
        """
        mine = {row.form.line_id.data: row.form for row in self.lines if row.form.line_id.data}
        theirs = {row.form.line_id.data: row.form for row in stored.lines if row.form.line_id.data}
        found = []
        for line_id, row in theirs.items():
            name = row.name.data
            if line_id not in mine:
                found.append((name, str(_("a new line, now also below")), ""))
                self.lines.append_entry({field: row[field].data for field in row._fields})
                continue
            for field, typed in mine[line_id]._fields.items():
                pair = (_written(row[field]), _written(typed))
                if field != "line_id" and pair[0] != pair[1]:
                    found.append((f"{name}: {typed.label.text}", *pair))
        for line_id, row in mine.items():
            if line_id not in theirs:
                found.append((row.name.data or "", str(_("taken out of the plan")), str(_("kept below as a new line"))))
        self.version.raw_data, self.version.data = None, stored.version.data
        self.offer()
        return found


def _written(field: Any) -> str:
    if isinstance(field, SelectField):
        return filters.label(field.data) if field.data else ""
    return str(field._value())


def _plan(row: Any, place: int, sources: Sequence[Source]) -> LinePlan:
    given = {name: row[name].data.cents if row[name].data is not None else None for name in COSTS}
    if sum(given[name] is not None for name in ("amount", "hours", "percent")) > 1:
        said = N_("Fill in one of these: an amount, hours and a rate, or a percentage.")
        raise Invalid(said, field=f"lines-{place}-amount")
    return LinePlan(
        line_id=row.line_id.data,
        name=row.name.data or "",
        category=row.category.data or Category.OTHER,
        cents=given["amount"],
        hours_hundredths=given["hours"],
        rate_cents=given["rate"],
        percent_bp=given["percent"],
        cells={each.id: row[f"s{each.id}"].data for each in sources if row[f"s{each.id}"].data is not None},
    )


def plan_form(
    version: int, sources: Sequence[Source], lines: Sequence[Line], parts: dict[tuple[int, int], Part], **kwargs: Any
) -> PlanForm:
    """The plan as stored, or as sent, with a cell for each source in each line."""
    row = type("PlanRow", (LineRow,), {f"s{each.id}": CoverField(each.name) for each in sources})
    fields = {"lines": FieldList(FormField(row), max_entries=MOST_LINES), "SOURCES": sources}
    data: list[dict[str, Any]] = []
    for line in lines:
        by_figure = line.hours_hundredths is not None or line.percent_bp is not None
        data.append(
            {
                "line_id": line.id,
                "name": line.name,
                "category": line.category,
                "amount": None if by_figure else line.cents,
                "hours": line.hours_hundredths,
                "rate": line.rate_cents,
                "percent": line.percent_bp,
            }
            | {f"s{source.id}": parts.get((line.id, source.id)) for source in sources}
        )
    made = type("ThisPlanForm", (PlanForm,), fields)
    form: PlanForm = made(data={"version": version, "lines": data + [{}] * SPARE}, **kwargs)
    form.offer()
    return form


class RuleForm(VersionedForm):
    LAYOUT = [["overhead"], ["overhead_percent", "overhead_amount"], ["max_rate"], ["excluded"]]

    overhead = SelectField(_l("Overhead"), coerce=OverheadRule, validators=[InputRequired()])
    overhead_percent = FigureField(_l("Percentage"), maximum=Money(10_000))
    overhead_amount = MoneyField(_l("Fixed amount"))
    max_rate = MoneyField(_l("Highest hourly rate"))
    excluded = SelectMultipleField(_l("Does not pay"), coerce=Category)

    @classmethod
    def of(cls, row: CoverRule | None, version: int, **kwargs: Any) -> RuleForm:
        data: dict[str, Any] = {"overhead": OverheadRule.OPEN, "excluded": []}
        if row is not None:
            data = {
                "overhead": row.overhead,
                "overhead_percent": row.overhead_bp,
                "overhead_amount": row.overhead_cents,
                "max_rate": row.max_rate_cents,
                "excluded": [Category(each) for each in row.excluded],
            }
        form: RuleForm = cls.at(version, data=data, **kwargs)
        form.overhead.choices = choices.labelled(OverheadRule)
        form.excluded.choices = choices.labelled(Category)
        return form

    def facts(self) -> RuleFacts:
        return RuleFacts(
            overhead=self.overhead.data,
            overhead_bp=self.overhead_percent.data.cents if self.overhead_percent.data else None,
            overhead_cents=self.overhead_amount.data.cents if self.overhead_amount.data else None,
            max_rate_cents=self.max_rate.data.cents if self.max_rate.data else None,
            excluded=tuple(self.excluded.data or ()),
        )
