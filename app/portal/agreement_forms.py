"""What a donor fills in of an agreement for a periodic gift: the tax office's form in the order of a conversation."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.validators import Optional as Maybe

from app.base.errors import Invalid
from app.base.money import Money
from app.base.states import N_
from app.gifts.periodic.beginning import Numbers
from app.gifts.periodic.models import Agreement, EndsWith, Term
from app.gifts.periodic.rules import checked_bsn
from app.gifts.periodic.services import Facts
from app.supporters.countries import countries
from app.ui.fields import DutchDateField, MoneyField, PhoneField, PostcodeField, options
from app.ui.forms import Form
from app.ui.languages import language

_TEXTS = ("first_names", "last_name", "birth_place", "street", "postcode", "town", "phone")
_PARTNER = ("partner_first_names", "partner_last_name", "partner_birth_place")
_OTHERS = ("years", "first_year", "birth_date", "partner_birth_date", "country", "partner_country", "life_name")
_TERMS = (
    (Term.FIVE, N_("Five years")), (Term.LONGER, N_("A longer number of years")),
    (Term.INDEFINITE, N_("Until I stop it, at least five years")),
)  # fmt: skip
_ENDS = ((EndsWith.DONOR, N_("My death")), (EndsWith.OTHER, N_("The death of somebody else")))


class AgreementForm(Form):
    yearly = MoneyField(_l("Amount each year"), validators=[InputRequired()])
    commitment_id = RadioField(_l("How do you give it?"), validators=[InputRequired()])
    first_year = RadioField(_l("In which year do you begin?"), coerce=int, validators=[InputRequired()])
    term = RadioField(_l("For how long?"), validators=[InputRequired()])
    years = IntegerField(_l("Number of years"), validators=[Maybe()])
    ends_with = RadioField(_l("It always ends with"), validators=[InputRequired()])
    life_name = StringField(_l("Name of that other person"), validators=[Length(max=160)])
    first_names = StringField(_l("First names in full"), validators=[InputRequired(), Length(max=120)])
    last_name = StringField(_l("Last name"), validators=[InputRequired(), Length(max=160)])
    birth_date = DutchDateField(_l("Date of birth"), validators=[InputRequired()])
    birth_place = StringField(_l("Place of birth"), validators=[InputRequired(), Length(max=80)])
    street = StringField(_l("Street and number"), validators=[InputRequired(), Length(max=160)])
    postcode = PostcodeField(_l("Postcode"), country="country")
    town = StringField(_l("Town"), validators=[InputRequired(), Length(max=80)])
    country = SelectField(_l("Country"))
    phone = PhoneField(_l("Phone"))
    donor_bsn = StringField(_l("Your BSN"), validators=[Length(max=15)])
    has_partner = RadioField(_l("Do you have a fiscal partner?"), validators=[InputRequired()])
    partner_first_names = StringField(_l("First names in full"), validators=[Length(max=120)])
    partner_last_name = StringField(_l("Last name"), validators=[Length(max=160)])
    partner_birth_date = DutchDateField(_l("Date of birth"))
    partner_birth_place = StringField(_l("Place of birth"), validators=[Length(max=80)])
    partner_country = SelectField(_l("Country"), validate_choice=False)
    partner_bsn = StringField(_l("Your partner's BSN"), validators=[Length(max=15)])

    def choose(self, recurring: list[tuple[str, str]], years: list[int]) -> None:
        """Fill the choices of this moment. `recurring`: (id, what it is called) of what can pay it."""
        own = ("0", _l("I transfer it myself, or let you know how"))
        self.commitment_id.choices = options([*recurring, own])
        self.first_year.choices = [(year, str(year)) for year in years]
        self.term.choices = options((term.value, _l(text)) for term, text in _TERMS)
        self.ends_with.choices = options((who.value, _l(text)) for who, text in _ENDS)
        self.country.choices = options(countries(language()))
        self.partner_country.choices = options(countries(language()), empty=_l("The same as mine"))
        self.has_partner.choices = options([("no", _l("No")), ("yes", _l("Yes"))])

    def checked(self) -> bool:
        """Whether all is there, also what hangs on another answer; all that is wrong is said at once."""
        self.validate()
        if self.partner_country.data not in dict(countries(language())):
            self.partner_country.data = ""
        if self.has_partner.data == "yes":
            for name in (*_PARTNER, "partner_birth_date"):
                if not self[name].data:
                    self.add_error(Invalid(N_("Fill this in: your partner signs as well."), field=name))
        for name in ("donor_bsn", "partner_bsn"):
            if self[name].data and not self[name].errors:
                try:
                    checked_bsn(self[name].data, name)
                except Invalid as error:
                    self.add_error(error)
        return not self.has_errors

    def facts(self, spoken: str) -> Facts:
        """What was filled in; the service checks it. `spoken` is the language of the form."""
        partner = self.has_partner.data == "yes"
        texts: dict[str, Any] = {name: self[name].data or None for name in _TEXTS}
        theirs = (*_PARTNER, "partner_birth_date", "partner_country")
        return Facts(
            **texts | {name: (self[name].data or None) if partner else None for name in theirs},
            yearly_cents=self.yearly.data.cents if self.yearly.data else 0, term=Term(self.term.data),
            years=self.years.data if self.term.data == Term.LONGER.value else None,
            first_year=self.first_year.data, ends_with=EndsWith(self.ends_with.data),
            life_name=(self.life_name.data or None) if self.ends_with.data == EndsWith.OTHER.value else None,
            birth_date=self.birth_date.data, country=self.country.data or "NL", language=spoken,
            commitment_id=int(self.commitment_id.data) or None,
        )  # fmt: skip

    def numbers(self, session_id: int) -> Numbers:
        """The BSNs as typed."""
        return Numbers(session_id, self.donor_bsn.data or "", self.partner_bsn.data or "")


def filled(a: Agreement) -> dict[str, Any]:
    """The form's values of a stored agreement."""
    return {name: getattr(a, name) for name in (*_TEXTS, *_PARTNER, *_OTHERS)} | {
        "yearly": Money(a.yearly_cents), "ends_with": a.ends_with.value, "term": a.term.value,
        "commitment_id": str(a.commitment_id or 0), "has_partner": "yes" if a.has_partner else "no",
    }  # fmt: skip
