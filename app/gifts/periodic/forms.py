"""What staff fill in of an agreement, in the order of the tax office's form."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.validators import Optional as Maybe

from app.base.money import Money
from app.gifts.periodic.models import Agreement, EndsWith, Term, Who
from app.gifts.periodic.services import Facts, Signature
from app.supporters.countries import countries
from app.supporters.models import Language
from app.ui.fields import DutchDateField, MoneyField, options
from app.ui.forms import Form
from app.ui.languages import language

_TEXTS = (
    "life_name", "birth_place", "street", "postcode", "town", "phone", "partner_first_names", "partner_last_name",
    "partner_birth_place",
)  # fmt: skip
_OTHERS = (
    "years", "first_year", "first_names", "last_name", "birth_date", "partner_birth_date", "country",
    "partner_country", "language", "number",
)  # fmt: skip


class AgreementForm(Form):
    yearly = MoneyField(_l("Amount each year"), validators=[InputRequired()])
    ends_with = RadioField(_l("Ends at the latest on the death of"), validators=[InputRequired()])
    life_name = StringField(_l("Name of that other person"), validators=[Length(max=160)])
    term = RadioField(_l("Term of the gift"), validators=[InputRequired()])
    years = IntegerField(_l("Number of years"), validators=[Maybe()])
    first_year = IntegerField(_l("Year of the first payment"), validators=[InputRequired()])
    first_names = StringField(_l("First names in full"), validators=[InputRequired(), Length(max=120)])
    last_name = StringField(_l("Last name, with infix"), validators=[InputRequired(), Length(max=160)])
    birth_date = DutchDateField(_l("Date of birth"))
    birth_place = StringField(_l("Place of birth"), validators=[Length(max=80)])
    street = StringField(_l("Street and number"), validators=[Length(max=160)])
    postcode = StringField(_l("Postal code"), validators=[Length(max=16)])
    town = StringField(_l("Town"), validators=[Length(max=80)])
    country = SelectField(_l("Country"))
    phone = StringField(_l("Phone"), validators=[Length(max=30)])
    partner_first_names = StringField(_l("First names in full"), validators=[Length(max=120)])
    partner_last_name = StringField(_l("Last name, with infix"), validators=[Length(max=160)])
    partner_birth_date = DutchDateField(_l("Date of birth"))
    partner_birth_place = StringField(_l("Place of birth"), validators=[Length(max=80)])
    partner_country = SelectField(_l("Country"))
    language = SelectField(_l("Language of the form"))
    number = StringField(_l("Transaction number"), validators=[Length(max=20)])
    commitment_id = SelectField(_l("Paid by the recurring gift"))

    def choose(self, commitments: list[tuple[int, str]]) -> None:
        """Fill the choices of this moment."""
        self.ends_with.choices, self.term.choices = options(EndsWith), options(Term)
        self.country.choices = options(countries(language()))
        self.partner_country.choices = options(countries(language()), empty=_l("As the donor"))
        self.language.choices = options(Language)
        self.commitment_id.choices = options(commitments, empty=_l("None: by transfer"))

    def facts(self) -> Facts:
        """What was filled in; the service checks it."""
        texts: dict[str, Any] = {name: self[name].data or None for name in _TEXTS}
        return Facts(
            **texts, yearly_cents=self.yearly.data.cents if self.yearly.data else 0, term=Term(self.term.data),
            years=self.years.data, first_year=self.first_year.data or 0, ends_with=EndsWith(self.ends_with.data),
            first_names=self.first_names.data or "", last_name=self.last_name.data or "",
            birth_date=self.birth_date.data, partner_birth_date=self.partner_birth_date.data,
            country=self.country.data, partner_country=self.partner_country.data or None,
            language=self.language.data,
            commitment_id=int(self.commitment_id.data) if self.commitment_id.data else None,
        )  # fmt: skip


def filled(a: Agreement) -> dict[str, Any]:
    """The form's values of a stored agreement."""
    return {name: getattr(a, name) for name in (*_TEXTS, *_OTHERS)} | {
        "yearly": Money(a.yearly_cents), "ends_with": a.ends_with.value, "term": a.term.value,
        "commitment_id": str(a.commitment_id or ""),
    }  # fmt: skip


class SignedForm(Form):
    on = DutchDateField(_l("Signed on"), validators=[InputRequired()])
    place = StringField(_l("Place"), validators=[InputRequired(), Length(max=80)])

    def signature(self) -> Signature:
        assert self.on.data
        return Signature(on=self.on.data, place=self.place.data or "")


class CountersignedForm(SignedForm):
    name = StringField(_l("Who signed for us"), validators=[InputRequired(), Length(max=120)])
    function = StringField(_l("Function"), validators=[InputRequired(), Length(max=80)])

    def signature(self) -> Signature:
        assert self.on.data
        place, name, function = (self[key].data or "" for key in ("place", "name", "function"))
        return Signature(on=self.on.data, place=place, name=name, function=function)


class EndForm(Form):
    on = DutchDateField(_l("Last day"), validators=[InputRequired()])
    kept = RadioField(_l("How it ended"), validators=[InputRequired()])
    reason = StringField(_l("What happened"), validators=[InputRequired(), Length(max=300)])

    def choose(self) -> None:
        self.kept.choices = options([("yes", _l("As agreed: the term is over, or somebody died")),
                                     ("no", _l("It was not kept: less was paid, or it was given up"))])  # fmt: skip


class BsnForm(Form):
    who = RadioField(_l("Whose"), validators=[InputRequired()])
    number = PasswordField(_l("BSN"), validators=[InputRequired(), Length(max=15)])

    def choose(self, agreement: Agreement) -> None:
        self.who.choices = options([(w.value, _l(w.label)) for w in Who if w is Who.DONOR or agreement.has_partner])
