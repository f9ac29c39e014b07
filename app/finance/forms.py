"""Forms of the finance pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.finance.books.models import Layout
from app.ui.fields import options
from app.ui.forms import Form

_SEPARATORS = [("semicolon", _l("Semicolon")), ("comma", _l("Comma")), ("tab", _l("Tab"))]
_DATES = [("dutch", "31-12-2026"), ("iso", "2026-12-31"), ("compact", "20261231")]


class AccountForm(Form):
    rgs_code = StringField(_l("RGS code"), validators=[Length(max=20)])
    outside_code = StringField(_l("Code in the accounting package"), validators=[Length(max=20)])


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
