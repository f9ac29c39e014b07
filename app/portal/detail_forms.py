"""What donors fill in about themselves."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from app.base.states import N_
from app.supporters.choices import ASKED
from app.supporters.consent_models import Channel, Purpose
from app.supporters.contact import split_house_number
from app.supporters.contact_models import Address, AddressType
from app.supporters.countries import countries
from app.supporters.drafts import AddressDraft
from app.supporters.models import Kind, Language, Supporter
from app.supporters.names import Greeting, Name, NameOrder, tidy_infix, tidy_initials
from app.ui.fields import EmailField, PhoneField, PostcodeField, options
from app.ui.forms import Form
from app.ui.languages import language

GREETED = (
    (Greeting.NEUTRAL, N_("By my first name, or my initials")), (Greeting.MADAM, N_("Madam")),
    (Greeting.SIR, N_("Sir")), (Greeting.FAMILY, N_("Family")),
)  # fmt: skip
SPOKEN = ((Language.NL, N_("Dutch")), (Language.EN, N_("English")))
CHANNELS = {
    Channel.EMAIL: N_("By e-mail"), Channel.POST: N_("By post"), Channel.PHONE: N_("By phone"),
    Channel.SMS: N_("By text message"),
}  # fmt: skip
PURPOSES = {
    Purpose.NEWS: N_("News of our work"), Purpose.FUNDRAISING: N_("Requests for a gift"),
    Purpose.EVENTS: N_("Invitations"),
}  # fmt: skip


class NameForm(Form):
    """A person's name, as they write it themselves; of an organisation its name alone."""

    organisation_name = StringField(_l("Name of the organisation"), validators=[InputRequired(), Length(max=200)])
    first_name = StringField(_l("First name"), validators=[Length(max=80)])
    initials = StringField(_l("Initials"), validators=[Length(max=30)])
    infix = StringField(_l("Infix"), validators=[Length(max=20)])
    last_name = StringField(_l("Last name"), validators=[Length(max=120)])
    partner_infix = StringField(_l("Infix of your partner's name"), validators=[Length(max=20)])
    partner_name = StringField(_l("Your partner's last name"), validators=[Length(max=120)])
    name_order = SelectField(_l("Which name do you use?"), choices=options(NameOrder))
    greeting = SelectField(_l("How do we address you?"), choices=options((g.value, _l(text)) for g, text in GREETED))
    spoken = SelectField(_l("Language of our mails and letters"), choices=options((s.value, _l(t)) for s, t in SPOKEN))

    @classmethod
    def of(cls, who: Supporter, **kwargs: Any) -> NameForm:
        """The form of this donor: without the questions that do not concern them."""
        stored = {name: getattr(who, name) for name in cls.__dict__ if hasattr(Supporter, name)}
        stored |= {"name_order": who.name_order.value, "greeting": who.greeting.value, "spoken": who.language.value}
        form = cls(data=stored, **kwargs)
        person = {"first_name", "initials", "infix", "last_name", "greeting"}
        partner = {"partner_infix", "partner_name", "name_order"}
        gone = person | partner if who.kind is Kind.ORGANISATION else {"organisation_name"}
        if who.kind is Kind.PERSON and not who.partner_name:
            gone |= partner
        for name in gone:
            del form[name]
        return form

    def name(self, stored: Name) -> Name:
        """The name that was filled in; what was not asked stays."""

        def said(field: str) -> str:
            return str(self[field].data or "") if field in self else str(getattr(stored, field))

        return Name(
            first_name=said("first_name"), initials=tidy_initials(said("initials")),
            infix=tidy_infix(said("infix"))[:20], last_name=said("last_name"),
            partner_infix=tidy_infix(said("partner_infix"))[:20], partner_name=said("partner_name"),
            order=NameOrder(self.name_order.data) if "name_order" in self else stored.order,
            title=stored.title,
            greeting=Greeting(self.greeting.data) if "greeting" in self else stored.greeting,
        )  # fmt: skip


class AddressForm(Form):
    street = StringField(_l("Street"), validators=[InputRequired(), Length(max=120)])
    house_number = StringField(_l("Number and addition"), validators=[Length(max=20)])
    postcode = PostcodeField(_l("Postcode"), country="country")
    place = StringField(_l("Town"), validators=[InputRequired(), Length(max=80)])
    country = SelectField(_l("Country"), default="NL")

    @classmethod
    def of(cls, stored: Address | None, **kwargs: Any) -> AddressForm:
        data: dict[str, Any] = {"country": "NL"}
        if stored is not None:
            joint = "-" if stored.house_number is not None and stored.addition else ""
            number = f"{'' if stored.house_number is None else stored.house_number}{joint}{stored.addition}"
            data = {name: getattr(stored, name) for name in ("street", "postcode", "place", "country")}
            data["house_number"] = number
        form = cls(data=data, **kwargs)
        form.country.choices = options(countries(language()))
        return form

    def draft(self, type: AddressType) -> AddressDraft:
        """Raises Invalid where the number does not begin with figures."""
        number, addition = split_house_number(self.house_number.data or "")
        return AddressDraft(
            street=self.street.data or "", house_number=number, addition=addition, postcode=self.postcode.data or "",
            place=self.place.data or "", country=self.country.data or "NL", type=type,
        )  # fmt: skip


class PhoneForm(Form):
    """Empty takes the number away."""

    phone = PhoneField(_l("Phone"))


class NewEmailForm(Form):
    email = EmailField(_l("New e-mail address"), validators=[InputRequired()])


class ContactForm(Form):
    """What each channel may be used for."""

    by_email = SelectMultipleField(_l("By e-mail"))
    by_post = SelectMultipleField(_l("By post"))
    by_phone = SelectMultipleField(_l("By phone"))
    by_sms = SelectMultipleField(_l("By text message"))

    @classmethod
    def of(cls, allowed: dict[Channel, list[Purpose]], *, phone: bool, **kwargs: Any) -> ContactForm:
        """`phone`: whether we have a number; without one there is nothing to ask about calling."""
        form = cls(data={f"by_{c.value}": [p.value for p in may] for c, may in allowed.items()}, **kwargs)
        for channel in Channel:
            if channel in (Channel.PHONE, Channel.SMS) and not phone:
                del form[f"by_{channel.value}"]
            else:
                form[f"by_{channel.value}"].choices = options((p.value, _l(PURPOSES[p])) for p in ASKED)
        return form

    def wanted(self) -> dict[Channel, set[Purpose]]:
        """By channel that was asked about, what was ticked."""
        return {
            channel: {Purpose(value) for value in self[f"by_{channel.value}"].data or ()}
            for channel in Channel
            if f"by_{channel.value}" in self
        }
