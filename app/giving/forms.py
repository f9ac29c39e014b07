"""How the donation form looks. It is only drawn here: answers.py reads and checks what was sent."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired

from app.base.errors import DomainError
from app.base.money import format_money
from app.giving.answers import NOWHERE, ONCE, OTHER, PRESETS_CENTS
from app.giving.offer import Offer
from app.ui.fields import EmailField, MoneyField
from app.ui.forms import Form
from app.ui.languages import language
from app.ui.messages import translated

_NEEDED = (InputRequired(),)


class GivingForm(Form):
    """The fields of Steun ons, in the order in which they stand on the page."""

    class Meta(Form.Meta):
        csrf = False  # the signed token of giving/tokens.py guards this form

    frequency = RadioField(_l("How often do you want to give?"), validators=_NEEDED)
    token = HiddenField()
    amount = RadioField(_l("Which amount do you want to give?"), validators=_NEEDED)
    other_amount = MoneyField(_l("Another amount"))
    programme = SelectField(_l("What is it for?"))
    first_name = StringField(_l("First name"), validators=_NEEDED)
    infix = StringField(_l("Infix"))
    last_name = StringField(_l("Last name"), validators=_NEEDED)
    email = EmailField(_l("E-mail address"), validators=_NEEDED)
    newsletter = BooleanField(_l("Keep me posted by e-mail, a few times a year"))
    method = RadioField(_l("How do you want to pay?"), validators=_NEEDED)


def drawn(
    typed: Mapping[str, str], errors: Mapping[str, DomainError], offer: Offer, token: str, refusal: str = ""
) -> GivingForm:
    """The form showing what was typed with what is wrong beside it; `refusal` comes on top."""
    values = {name: value for name, value in typed.items() if name != "newsletter"} | {"token": token}
    if typed.get("newsletter") not in ("", "off", "0", "no", "false", None):
        values["newsletter"] = "y"
    form = GivingForm(formdata=None)
    lang = language()
    form.frequency.choices = [(ONCE, _("Once"))]
    if offer.recurring:
        form.frequency.choices += [("monthly", _("Every month")), ("yearly", _("Every year"))]
    form.amount.choices = [
        *((str(cents // 100), _whole(cents, lang)) for cents in PRESETS_CENTS),
        (OTHER, _("Another amount")),
    ]
    form.programme.choices = [(NOWHERE, _("Where it is needed most")), *offer.programme_choices(lang)]
    form.method.choices = offer.method_choices()
    # Choices first: a radio button is drawn as chosen where its value is the one typed.
    form.process(formdata=MultiDict(values))
    for field in form:
        error = errors.get(field.name)
        field.errors = [translated(error)] if error is not None else []
        field.process_errors = []
    if refusal:
        form.form_errors.append(refusal)
    return form


def _whole(cents: int, lang: str) -> str:
    return format_money(cents, lang).removesuffix(",00").removesuffix(".00")
