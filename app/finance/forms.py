"""Forms of the finance pages."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.finance.books.models import Layout
from app.ledger.chart import LINES
from app.ledger.models import AccountKind
from app.ledger.rj import RjLine
from app.ui.fields import options
from app.ui.forms import Form

_SEPARATORS = [("semicolon", _l("Semicolon")), ("comma", _l("Comma")), ("tab", _l("Tab"))]
_LINES = [(line.value, _l(line.label)) for lines in LINES.values() for line in lines]
_DATES = [("dutch", "31-12-2026"), ("iso", "2026-12-31"), ("compact", "20261231")]


class AccountForm(Form):
    rgs_code = StringField(_l("RGS code"), validators=[Length(max=20)])
    outside_code = StringField(_l("Code in the accounting package"), validators=[Length(max=20)])


class NewAccountForm(Form):
    code = StringField(_l("Code"), validators=[InputRequired(), Length(max=10)])
    name_nl = StringField(_l("Name in Dutch"), validators=[InputRequired(), Length(max=100)])
    name_en = StringField(_l("Name in English"), validators=[InputRequired(), Length(max=100)])
    kind = SelectField(_l("Kind"), choices=options(AccountKind))
    rj_line = SelectField(_l("RJ 650 line"), choices=options(_LINES, empty="–"))

    def facts(self) -> dict[str, Any]:
        return {
            "name_nl": self.name_nl.data or "", "name_en": self.name_en.data or "",
            "kind": AccountKind(self.kind.data), "rj_line": RjLine(self.rj_line.data) if self.rj_line.data else None,
        }  # fmt: skip


class ChangeAccountForm(NewAccountForm):
    code = None
    active = BooleanField(_l("In use"))


class ReasonForm(Form):
    """Why something that was final is taken back."""

    reason = TextAreaField(_l("Reason"), validators=[InputRequired(), Length(max=500)])


class HandOverForm(Form):
    layout = SelectField(_l("Layout"), choices=options(Layout))


class LayoutForm(Form):
    journal_code = StringField(_l("Journal code"), validators=[Length(max=20)])
    office_code = StringField(_l("Administration code"), validators=[Length(max=20)])


class CsvLayoutForm(LayoutForm):
    separator = SelectField(_l("Between columns"), choices=options(_SEPARATORS))
    decimal = SelectField(_l("Decimal sign"), choices=options([("comma", _l("Comma")), ("point", _l("Point"))]))
    dates = SelectField(_l("Way of writing dates"), choices=options(_DATES))
    columns = TextAreaField(_l("Columns"), validators=[Length(max=2000)])


class TestedForm(Form):
    note = StringField(_l("How the import went"), validators=[InputRequired(), Length(max=300)])
