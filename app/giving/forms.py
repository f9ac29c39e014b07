"""How the donation form looks. It is only drawn here: answers.py reads and checks what was sent."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app.base.errors import DomainError
from app.base.money import format_money
from app.giving.answers import DAYS, NOWHERE, ONCE, ORGANISATION, OTHER, PERSON, tile_of
from app.giving.offer import Offer
from app.ui.fields import EmailField, MoneyField
from app.ui.forms import Form
from app.ui.languages import language
from app.ui.messages import translated

_NEEDED = (InputRequired(),)
_TICKS = ("newsletter", "costs", "mandate")


class GivingForm(Form):
    """The fields of Steun ons, in the order in which they stand on the page."""

    class Meta(Form.Meta):
        csrf = False  # the signed token of giving/tokens.py guards this form

    frequency = RadioField(_l("How often do you want to give?"), validators=_NEEDED)
    token = HiddenField()
    source = HiddenField()
    amount = RadioField(_l("Which amount do you want to give?"), validators=_NEEDED)
    other_amount = MoneyField(_l("Another amount"), donor=True)
    programme = SelectField(_l("What is it for?"))
    costs = BooleanField()
    kind = RadioField(_l("Who gives?"), validators=_NEEDED)
    organisation = StringField(_l("Name of the organisation"), validators=_NEEDED)
    first_name = StringField(_l("First name"), validators=_NEEDED)
    infix = StringField(_l("Infix"))
    last_name = StringField(_l("Last name"), validators=_NEEDED)
    email = EmailField(_l("E-mail address"), validators=_NEEDED)
    tribute = RadioField(_l("Do you give in memory or in honour of somebody?"))
    tribute_name = StringField(_l("Name"))
    message = TextAreaField(_l("A message to us"))
    newsletter = BooleanField(_l("Keep me posted by e-mail, a few times a year"))
    method = RadioField(_l("How do you want to pay?"), validators=_NEEDED)
    day = SelectField(_l("On which day of the month may we collect?"))
    iban = StringField("IBAN", validators=_NEEDED)
    holder = StringField(_l("Name on the account"))
    mandate = BooleanField(_l("I give this permission"), validators=_NEEDED)


def drawn(
    typed: Mapping[str, str],
    errors: Mapping[str, DomainError],
    offer: Offer,
    token: str,
    refusal: str = "",
    source: str = "",
) -> GivingForm:
    """The form showing what was typed with what is wrong beside it; `refusal` comes on top."""
    values = {name: value for name, value in typed.items() if name not in _TICKS}
    values |= {"token": token, "source": source, "kind": values.get("kind") or PERSON}
    values |= {name: "y" for name in _TICKS if typed.get(name) not in ("", "off", "0", "no", "false", None)}
    form = GivingForm(formdata=None)
    lang = language()
    form.frequency.choices = [(ONCE, _("Once"))]
    if offer.recurring:
        often = {"monthly": _("Every month"), "quarterly": _("Every quarter"), "yearly": _("Every year")}
        form.frequency.choices += often.items()
    form.amount.choices = [
        *((tile_of(cents), _whole(cents, lang)) for cents in offer.presets_cents),
        (OTHER, _("Another amount")),
    ]
    form.programme.choices = [(NOWHERE, _("Where it is needed most")), *offer.programme_choices(lang)]
    form.method.choices = [
        (name, _with_most(label, offer.most_by(name), lang)) for name, label in offer.method_choices()
    ]
    form.day.choices = [("", _("The same day as the first time")), *((day, day) for day in DAYS[:-1])]
    form.day.choices.append((DAYS[-1], _("The last day")))
    form.kind.choices = [(PERSON, _("Myself")), (ORGANISATION, _("An organisation"))]
    form.tribute.choices = [("", _("No")), ("memory", _("In memory")), ("honour", _("In honour"))]
    form.costs.label.text = _(
        "I add %(amount)s for the costs of this payment", amount=format_money(offer.costs_cents, lang)
    )
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


def _with_most(label: str, most: int | None, lang: str) -> str:
    return label if most is None else _("%(method)s (up to %(most)s)", method=label, most=_whole(most, lang))
