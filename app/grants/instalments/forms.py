"""The forms of an instalment and of its money."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.base.money import Money, format_money
from app.grants import choices
from app.grants.awards.plans import InstalmentPlan
from app.grants.instalments.letter import Words
from app.grants.instalments.models import Instalment, Trigger
from app.grants.pages import VersionedForm, filled
from app.ui.fields import DutchDateField, MoneyField
from app.ui.filters import percent
from app.ui.forms import Form
from app.ui.languages import LANGUAGES, language


@dataclass(frozen=True, slots=True)
class Part:
    """What was typed: cents, or basis points of the grant."""

    cents: int | None = None
    basis_points: int | None = None


class PartField(MoneyField):
    """An amount or a share of the grant: `25.000,00`, `50%`, `33,33 %`. Data is a Part."""

    def process_data(self, value: Any) -> None:
        self.data = value

    def shown(self, data: Part) -> str:
        if data.basis_points is not None:
            return percent(Decimal(data.basis_points) / 10_000, 2)
        return format_money(data.cents or 0, language(), sign=False)

    def read(self, text: str) -> Any:
        bare = re.sub(r"\s", "", text)
        if not bare.endswith("%"):
            return Part(cents=super().read(text).cents)
        match = re.fullmatch(r"(\d{1,3})(?:[.,](\d{1,2}))?%", bare, re.ASCII)
        points = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else 0
        if not 0 < points <= 10_000:
            raise ValueError(gettext("A share lies between 0 and 100 percent."))
        return Part(basis_points=points)


class InstalmentFields(Form):
    LAYOUT = [
        ["amount", "expected_on"],
        ["triggered_by", "report"],
        ["contribution_year"],
    ]

    amount = PartField(_l("Amount or share"), validators=[InputRequired()])
    expected_on = DutchDateField(_l("Expected on"), validators=[InputRequired()])
    triggered_by = SelectField(_l("Comes"), coerce=Trigger, validators=[InputRequired()])
    report = SelectField(_l("Waits for"), coerce=choices.row_id)
    contribution_year = IntegerField(_l("Contribution year"), validators=[Optional(), NumberRange(1990, 2200)])

    def offer(self, reports: Iterable[tuple[int, str]]) -> None:
        self.triggered_by.choices = choices.labelled(Trigger)
        self.report.choices = [("", "–"), *reports]

    def plan(self) -> InstalmentPlan:
        part: Part = filled(self.amount.data)
        return InstalmentPlan(
            expected_on=filled(self.expected_on.data),
            amount_cents=part.cents,
            basis_points=part.basis_points,
            triggered_by=self.triggered_by.data,
            contribution_year=self.contribution_year.data,
        )


class InstalmentForm(VersionedForm, InstalmentFields):
    @classmethod
    def of(cls, row: Instalment, reports: Iterable[tuple[int, str]], **kwargs: Any) -> InstalmentForm:
        part = Part(basis_points=row.basis_points) if row.basis_points else Part(cents=row.amount_cents)
        form = cls(
            data={
                "version": row.version,
                "amount": part,
                "expected_on": row.expected_on,
                "triggered_by": row.triggered_by,
                "report": row.obligation_id,
                "contribution_year": row.contribution_year,
            },
            **kwargs,
        )
        form.offer(reports)
        return form


class ReceiveForm(Form):
    """`form_key` makes a form that is sent twice one receipt."""

    form_key = HiddenField(validators=[InputRequired(), Length(max=64)])
    received_on = DutchDateField(_l("On the bank account on"), validators=[InputRequired()])
    amount = MoneyField(_l("Amount received"), validators=[InputRequired()])
    bank_reference = StringField(_l("Bank reference"), validators=[InputRequired(), Length(max=140)])

    @classmethod
    def of(cls, open_cents: int, **kwargs: Any) -> ReceiveForm:
        data = {"form_key": secrets.token_urlsafe(24)}
        return cls(data=data | ({"amount": Money(open_cents)} if open_cents else {}), **kwargs)


class TakeBackForm(Form):
    reason = StringField(_l("Why it is taken back"), validators=[InputRequired(), Length(max=500)])


class LetterForm(VersionedForm):
    """What a payment request says besides its figures."""

    LAYOUT = [["dated_on", "letter_language"], ["attention"], ["text"], ["signatory"]]

    dated_on = DutchDateField(_l("Date of the letter"), validators=[InputRequired()])
    letter_language = SelectField(_l("Language"), validators=[InputRequired()])
    attention = StringField(_l("For the attention of"), validators=[Length(max=120)])
    text = TextAreaField(_l("Your own words"), validators=[Length(max=2000)])
    signatory = TextAreaField(_l("Signed by"), validators=[InputRequired(), Length(max=200)])

    @classmethod
    def of(cls, version: int, today: date, spoken: str, name: str, **kwargs: Any) -> LetterForm:
        data = {"dated_on": today, "letter_language": spoken, "signatory": name}
        form: LetterForm = cls.at(version, data=data, **kwargs)
        form.letter_language.choices = list(LANGUAGES.items())
        return form

    def words(self) -> Words:
        return Words(
            language=self.letter_language.data,
            dated_on=filled(self.dated_on.data),
            attention=self.attention.data or "",
            text=self.text.data or "",
            signatory=self.signatory.data or "",
        )
