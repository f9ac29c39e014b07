"""What /ui/components shows: invented rows for every component."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app.base.errors import Invalid
from app.base.states import N_
from app.ui import lists
from app.ui.fields import DutchDateField, EmailField, IbanField, MoneyField, PhoneField, options
from app.ui.filters import short_month
from app.ui.forms import Form


class ExampleForm(Form):
    name = StringField(_l("Name"), validators=[InputRequired()])
    email = EmailField(_l("E-mail"), validators=[InputRequired()])
    phone = PhoneField(_l("Phone"))
    iban = IbanField(_l("IBAN"))
    amount = MoneyField(_l("Amount"), validators=[InputRequired()])
    due_on = DutchDateField(_l("Due date"))
    kind = SelectField(_l("Kind"), choices=options([("report", _l("Report")), ("audit", _l("Audit statement"))]))
    frequency = RadioField(
        _l("How often"), choices=options([("once", _l("Once")), ("monthly", _l("Every month"))]), default="once"
    )
    note = TextAreaField(_l("Note"))
    newsletter = BooleanField(_l("Keep me informed by e-mail"))


ROWS = [
    {"name": "Lotterij van het Voorbeeld", "code": "LV-2026-014", "cents": 50_000_000, "due": date(2026, 11, 27)},
    {"name": "Fonds Morgen", "code": "FM/88", "cents": 1_250_050, "due": date(2026, 11, 19)},
    {"name": "Stichting Stille Steun", "code": "2026.31", "cents": 25_000_000, "due": date(2027, 4, 1)},
]
MONTHS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
AGREED = (4_500_000, 0, 12_500_000, 800_000, 0, 6_200_000, 0, 2_500_000, 10_000_000, 0, 5_000_000, 7_500_000)
EXPECTED = (0, 600_000, 1_500_000, 2_200_000, 900_000, 0, 3_100_000, 0, 4_000_000, 2_600_000, 0, 8_000_000)
GIFTS = (812_300, 745_050, 903_900, 688_000, 921_500, 1_040_000, 655_000, 610_200, 980_000, 1_120_500, 1_304_400, None)


def context() -> dict[str, Any]:
    """Everything the page needs. Names and amounts are invented."""
    form = ExampleForm(formdata=None, data={"name": "Wilhelmina van der Velde", "amount": 123456})
    form.add_error(Invalid(N_("This amount is too large to handle here."), field="amount"))
    page = lists.Page(ROWS, "due", None, lists.here(after="x"), {"due": lists.Sort("", (lists.Key(None),))})
    return {
        "form": form,
        "here_url": url_for("ui.components"),
        "page": page,
        "today": date(2026, 11, 23),
        "months": [short_month(month) for month in MONTHS],
        "agreed": AGREED,
        "expected": EXPECTED,
        "gifts": GIFTS,
    }
