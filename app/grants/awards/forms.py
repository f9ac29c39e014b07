"""The form of an award, rows of instalments and obligations included, and of a grant."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.base.errors import Invalid
from app.base.states import N_
from app.grants import choices
from app.grants.applications.queries import Line as ApplicationLine
from app.grants.awards import plans
from app.grants.awards.facts import GrantFacts
from app.grants.awards.models import Grant, Recognition
from app.grants.awards.plans import InstalmentPlan, ObligationPlan
from app.grants.instalments.forms import Part, PartField
from app.grants.instalments.models import Trigger
from app.grants.obligations.models import BEFORE_AWARD, ObligationKind
from app.grants.pages import VersionedForm, filled
from app.ledger.rj import INCOME_LINES, RjLine
from app.ui.fields import DutchDateField, MoneyField
from app.ui.forms import Form

ROWS = 3  # empty rows of each kind to begin with
MOST = 40
# What money of this origin usually follows; the award letter decides.
USUAL_RULE = {RjLine.GOVERNMENT: Recognition.COSTS, RjLine.LOTTERIES: Recognition.CONTRIBUTION_YEAR}
DUTIES = [kind for kind in ObligationKind if kind not in BEFORE_AWARD]


class _Row(Form):
    """A row of a form: without a token of its own."""

    class Meta(Form.Meta):
        csrf = False


class ObligationRow(_Row):
    kind = SelectField(_l("What"), coerce=choices.optional(ObligationKind), validate_choice=False)
    due_on = DutchDateField(_l("Due at the funder"))
    internal_due_on = DutchDateField(_l("Ready inside our house"))
    period_from = DutchDateField(_l("Period covered, from"))
    period_to = DutchDateField(_l("Period covered, to"))

    @property
    def is_empty(self) -> bool:
        return not self.kind.data and self.due_on.data is None and not self.due_on.errors


class InstalmentRow(_Row):
    amount = PartField(_l("Amount or share"))
    expected_on = DutchDateField(_l("Expected on"))
    triggered_by = SelectField(_l("Comes"), coerce=choices.optional(Trigger), validate_choice=False)
    report = SelectField(_l("Waits for obligation"), coerce=choices.row_id, validate_choice=False)

    @property
    def is_empty(self) -> bool:
        return not any(field.data or field.errors for field in (self.amount, self.expected_on))


class GrantFields(Form):
    LAYOUT = [
        ["title", "funder_reference"],
        ["amount", "decided_on", "agreed_on"],
        ["starts_on", "ends_on"],
        ["programme_id", "fund_id"],
        ["restriction"],
        ["recognition", "income_line"],
        ["all_at_once"],
        ["income_line_reason"],
        ["owner_id"],
    ]

    title = StringField(_l("Name of the grant"), validators=[InputRequired(), Length(max=200)])
    funder_reference = StringField(_l("The funder's reference"), validators=[Length(max=100)])
    amount = MoneyField(_l("Amount granted"), validators=[InputRequired()])
    decided_on = DutchDateField(_l("Decided on"), validators=[InputRequired()])
    agreed_on = DutchDateField(_l("Agreement signed on"))
    starts_on = DutchDateField(_l("Period, from"), validators=[InputRequired()])
    ends_on = DutchDateField(_l("Period, to"), validators=[InputRequired()])
    programme_id = SelectField(_l("Restricted to the programme"), coerce=choices.row_id)
    fund_id = SelectField(_l("Restricted fund"), coerce=choices.row_id)
    restriction = TextAreaField(_l("The restriction in the funder's words"), validators=[Length(max=1000)])
    income_line = SelectField(_l("RJ 650 income line"), coerce=choices.optional(RjLine))
    income_line_reason = StringField(_l("Why another line than the funder's"), validators=[Length(max=500)])
    recognition = SelectField(_l("Becomes income"), coerce=Recognition, validators=[InputRequired()])
    all_at_once = BooleanField(_l("Money for several years is meant to be income of one year"))
    owner_id = SelectField(_l("Owner"), coerce=choices.row_id)

    def offer(self, default_line: RjLine, row: Grant | None = None) -> None:
        self.programme_id.choices = choices.programme_pairs(row.programme_id if row else None)
        self.fund_id.choices = choices.fund_pairs(row.fund_id if row else None)
        usual = choices.labelled([default_line])[0][1]
        self.income_line.choices = [
            ("", usual),
            *choices.labelled(line for line in INCOME_LINES if line is not default_line),
        ]
        self.recognition.choices = choices.labelled(Recognition)
        self.owner_id.choices = choices.people(row.owner_id if row else None)

    def facts(self) -> GrantFacts:
        values = {name: self[name].data for name in GrantFacts.__dataclass_fields__ if name != "amount_cents"}
        for name in ("funder_reference", "restriction", "income_line_reason"):
            values[name] = values[name] or ""
        return GrantFacts(amount_cents=filled(self.amount.data).cents, **values)


class GrantForm(VersionedForm, GrantFields):
    @classmethod
    def of(cls, row: Grant, default_line: RjLine, **kwargs: Any) -> GrantForm:
        names = [name for name in GrantFacts.__dataclass_fields__ if name != "amount_cents"]
        data: dict[str, Any] = {name: getattr(row, name) for name in ("version", *names)}
        if row.income_line is default_line:
            data["income_line"] = None
        form = cls(data=data | {"amount": row.amount_cents}, **kwargs)
        form.offer(default_line, row)
        return form


class AwardForm(VersionedForm, GrantFields):
    """The grant with what is planned; the rows work without a script: "one more" sends the form."""

    obligations = FieldList(FormField(ObligationRow), min_entries=ROWS, max_entries=MOST)
    instalments = FieldList(FormField(InstalmentRow), min_entries=ROWS, max_entries=MOST)

    @classmethod
    def of(cls, application: ApplicationLine, default_line: RjLine, today: date, **kwargs: Any) -> AwardForm:
        form = cls(
            data={
                "version": application.version,
                "title": application.title,
                "amount": application.expected_cents or application.ask_cents,
                "decided_on": today,
                "programme_id": application.programme_id,
                "owner_id": application.owner_id,
                "recognition": USUAL_RULE.get(default_line, Recognition.AWARD),
            },
            **kwargs,
        )
        form.offer(default_line)
        form.offer_rows()
        return form

    def offer_rows(self) -> None:
        kinds = [("", "–"), *choices.labelled(DUTIES)]
        triggers = choices.labelled(Trigger)
        for row in self.obligations:
            row.form.kind.choices = kinds
        numbers = [("", "–"), *((i, str(i)) for i in range(1, len(self.obligations) + 1))]
        for row in self.instalments:
            row.form.triggered_by.choices = triggers
            row.form.report.choices = numbers

    def more(self, what: str) -> None:
        """One more row, or the usual plan for the period filled in."""
        if what == "usual":
            self._fill_in()
        elif what in ("obligations", "instalments") and len(self[what]) < MOST:
            self[what].append_entry()
        self.offer_rows()

    def _fill_in(self) -> None:
        starts_on, ends_on = self.starts_on.data, self.ends_on.data
        if starts_on is None or ends_on is None or ends_on < starts_on or ends_on.year - starts_on.year > 15:
            self.add_error(Invalid(N_("Fill in the period first: the plan follows from it."), field="starts_on"))
            return
        duties = plans.usual_obligations(starts_on, ends_on)
        parts = plans.usual_instalments(starts_on, ends_on, len(duties))
        for name, rows in (("obligations", duties), ("instalments", parts)):
            while self[name].entries:
                self[name].pop_entry()
            for row in rows:
                values = {field: getattr(row, field, None) for field in row.__dataclass_fields__}
                if name == "instalments":
                    values["amount"] = Part(cents=values["amount_cents"], basis_points=values["basis_points"])
                    values["report"] = None if values["report"] is None else values["report"] + 1
                self[name].append_entry(values)

    def plans(self) -> tuple[list[InstalmentPlan], list[ObligationPlan]]:
        """The rows that are filled in. Raises Invalid for one that is half filled in; as in services,
        rows are counted without the empty ones."""
        numbers: dict[int, int] = {}
        duties: list[ObligationPlan] = []
        for place, row in enumerate(self.obligations, start=1):
            if not row.form.is_empty:
                numbers[place] = len(duties)
                duties.append(self._obligation(row.form, len(duties)))
        filled = [row.form for row in self.instalments if not row.form.is_empty]
        return [self._instalment(row, place, numbers) for place, row in enumerate(filled)], duties

    def _obligation(self, row: ObligationRow, place: int) -> ObligationPlan:
        for name in ("kind", "due_on"):
            if row[name].data is None:
                raise Invalid(N_("Please fill this in, or empty the row."), field=f"obligations-{place}-{name}")
        return ObligationPlan(
            kind=row.kind.data,
            due_on=filled(row.due_on.data),
            internal_due_on=row.internal_due_on.data,
            period_from=row.period_from.data,
            period_to=row.period_to.data,
            assignee_id=self.owner_id.data,
        )

    def _instalment(self, row: InstalmentRow, place: int, numbers: dict[int, int]) -> InstalmentPlan:
        for name in ("amount", "expected_on"):
            if row[name].data is None:
                raise Invalid(N_("Please fill this in, or empty the row."), field=f"instalments-{place}-{name}")
        report = row.report.data
        if report is not None and report not in numbers:
            raise Invalid(N_("That row of obligations is empty."), field=f"instalments-{place}-report")
        part: Part = filled(row.amount.data)
        return InstalmentPlan(
            expected_on=filled(row.expected_on.data),
            amount_cents=part.cents,
            basis_points=part.basis_points,
            triggered_by=row.triggered_by.data or (Trigger.DATE if report is None else Trigger.REPORT),
            report=numbers[report] if report is not None else None,
        )

    def add_error(self, error: Any) -> None:
        """Errors of rows go beside the field in the row: `instalments-2-amount`."""
        name, _, rest = (error.field or "").partition("-")
        place, _, inner = rest.partition("-")
        if name in ("obligations", "instalments") and place.isdigit():
            filled = [row.form for row in self[name] if not row.form.is_empty]
            if int(place) < len(filled) and inner in filled[int(place)]:
                filled[int(place)].add_error(Invalid(error.message, field=inner, **error.params))
                return
        super().add_error(error)


class ExtendForm(VersionedForm):
    ends_on = DutchDateField(_l("New end of the period"), validators=[InputRequired()])
    note = TextAreaField(_l("What was agreed, and with whom"), validators=[InputRequired(), Length(max=2000)])


class SignForm(VersionedForm):
    agreed_on = DutchDateField(_l("Agreement signed on"), validators=[InputRequired()])
