"""What /ui/components shows: invented rows for every component."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app.base.errors import Invalid
from app.base.states import N_
from app.ui.fields import DutchDateField, EmailField, IbanField, MoneyField, PhoneField
from app.ui.forms import Form


class ExampleForm(Form):
    name = StringField(_l("Name"), validators=[InputRequired()])
    email = EmailField(_l("E-mail"), validators=[InputRequired()])
    phone = PhoneField(_l("Phone"))
    iban = IbanField(_l("IBAN"))
    amount = MoneyField(_l("Amount"), validators=[InputRequired()])
    due_on = DutchDateField(_l("Due date"))
    kind = SelectField(_l("Kind"), choices=[("report", _l("Report")), ("audit", _l("Audit statement"))])
    frequency = RadioField(
        _l("How often"), choices=[("once", _l("Once")), ("monthly", _l("Every month"))], default="once"
    )
    note = TextAreaField(_l("Note"))
    newsletter = BooleanField(_l("Keep me informed by e-mail"))


def context() -> dict[str, Any]:
    form = ExampleForm(formdata=None, data={"name": "Wilhelmina van der Velde", "amount": 123456})
    form.add_error(Invalid(N_("This amount is too large to handle here."), field="amount"))
    here = url_for("ui.components")
    return {
        "form": form,
        "clean": ExampleForm(formdata=None, prefix="clean"),
        "here": here,
        "rows": [
            ("Stichting Voorbeeldfonds", "Adessium", 25_000_000, "ok", N_("Active")),
            ("Lotterij van het Voorbeeld", "NPL-2026-014", 50_000_000, "warn", N_("Report due")),
            ("Fonds Morgen", "FM/88", 1_250_050, "danger", N_("Overdue")),
        ],
    }
