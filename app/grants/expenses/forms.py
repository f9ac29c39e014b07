"""The forms of an expense, of a sheet that is imported, and of mapping."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.base.money import Money
from app.grants import choices
from app.grants.budgets import queries as budgets
from app.grants.expenses.models import Expense
from app.grants.expenses.services import ExpenseFacts
from app.grants.expenses.sheet import FIELDS
from app.grants.pages import VersionedForm, filled
from app.grants.partners import queries as partners
from app.ui.fields import DutchDateField, MoneyField
from app.ui.forms import Form

NUMBERS = ("ledger_account", "cost_centre", "voucher")


def line_pairs(grant_id: int) -> choices.Pairs:
    lines = budgets.lines(grant_id)
    return [("", _("Not mapped yet")), *((each.id, " ".join(filter(None, (each.code, each.name)))) for each in lines)]


class ExpenseForm(Form):
    LAYOUT = [
        ["spent_on", "amount", "full_amount"],
        ["description"],
        ["budget_line_id", "partner_id"],
        ["ledger_account", "cost_centre", "voucher"],
    ]

    form_key = HiddenField(validators=[InputRequired(), Length(max=64)])
    spent_on = DutchDateField(_l("Date"), validators=[InputRequired()])
    amount = MoneyField(_l("Paid by this grant"), below=True, validators=[InputRequired()])
    full_amount = MoneyField(_l("The whole cost, if it is more"), below=True)
    description = StringField(_l("Description"), validators=[InputRequired(), Length(max=300)])
    budget_line_id = SelectField(_l("Budget line"), coerce=choices.row_id)
    partner_id = SelectField(_l("Partner"), coerce=choices.row_id)
    ledger_account = StringField(_l("Ledger account"), validators=[Length(max=40)])
    cost_centre = StringField(_l("Cost centre"), validators=[Length(max=40)])
    voucher = StringField(_l("Entry number"), validators=[Length(max=80)])

    def offer(self, grant_id: int) -> None:
        self.budget_line_id.choices = line_pairs(grant_id)
        shown = [(each.id, each.name) for each in partners.partners(grant_id)]
        self.partner_id.choices = [("", _("Ourselves")), *shown]

    def facts(self) -> ExpenseFacts:
        return ExpenseFacts(
            spent_on=filled(self.spent_on.data),
            cents=filled(self.amount.data).cents,
            full_cents=self.full_amount.data.cents if self.full_amount.data else None,
            budget_line_id=self.budget_line_id.data,
            partner_id=self.partner_id.data,
            **{name: self[name].data or "" for name in ("description", *NUMBERS)},
        )


class ChangeExpenseForm(VersionedForm, ExpenseForm):
    amount = MoneyField(_l("Paid by this grant"), zero=True, below=True, validators=[InputRequired()])
    whole_cents = 0  # of the cost, as it stands

    @classmethod
    def of(cls, row: Expense, **kwargs: Any) -> ChangeExpenseForm:
        same = ("version", "spent_on", "description", "budget_line_id", "partner_id", *NUMBERS)
        data = {name: getattr(row, name) for name in same} | {"form_key": "-", "amount": Money(row.cents)}
        if row.import_id or row.full_cents != row.cents:
            data["full_amount"] = Money(row.full_cents)
        form = cls(data=data, **kwargs)
        form.offer(row.grant_id)
        form.whole_cents = row.full_cents
        return form

    def facts(self) -> ExpenseFacts:
        """Of a cost that is taken off a grant the whole stays what it was, unless it is said."""
        facts = super().facts()
        return facts if facts.cents or facts.full_cents else replace(facts, full_cents=self.whole_cents)


class MapOneForm(VersionedForm):
    budget_line_id = SelectField(_l("Budget line"), coerce=choices.row_id)
    rule = SelectField(_l("What follows it"))

    @classmethod
    def of(cls, row: Expense, **kwargs: Any) -> MapOneForm:
        form: MapOneForm = cls.at(row.version, data={"budget_line_id": row.budget_line_id, "rule": ""}, **kwargs)
        form.budget_line_id.choices = line_pairs(row.grant_id)
        account, centre = row.ledger_account, row.cost_centre
        offered = [("", _("Only this one"))]
        if account and centre:
            both = _("Account %(account)s and cost centre %(centre)s together", account=account, centre=centre)
            offered.append(("account centre", both))
        if account:
            offered.append(("account", _("Everything of account %(account)s", account=account)))
        if centre:
            offered.append(("centre", _("Everything of cost centre %(centre)s", centre=centre)))
        form.rule.choices = offered
        return form


class SheetForm(Form):
    file = FileField(_l("File"))


class MapForm(Form):
    ledger_account = HiddenField(validators=[Length(max=40)])
    cost_centre = HiddenField(validators=[Length(max=40)])
    budget_line_id = SelectField(_l("Budget line"), coerce=choices.row_id, validate_choice=False)


def _column(label: str) -> SelectField:
    return SelectField(_l(label), coerce=choices.row_id)


class ColumnsForm(VersionedForm):
    """Which column means what; its fields are those of sheet.FIELDS."""

    def offer(self, names: list[str]) -> None:
        pairs = [(index, name or _("Column %(number)s", number=index + 1)) for index, name in enumerate(names)]
        for field in FIELDS:
            self[field].choices = [("", "–"), *pairs]


for _name, (_label, _headings) in FIELDS.items():
    setattr(ColumnsForm, _name, _column(_label))
