"""Forms for supporters. Each offers its own fields and nothing else is ever stored."""

from __future__ import annotations

from enum import Enum
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp

from app.staff.queries import active_staff, by_ids
from app.supporters.consent_models import Basis, Channel, Purpose
from app.supporters.contact_models import AddressType, RelationType
from app.supporters.interaction_models import InteractionKind
from app.supporters.models import Language, Role
from app.supporters.names import Greeting, Name, NameOrder, tidy_infix, tidy_initials
from app.ui.fields import DutchDateField, EmailField, IbanField, PhoneField, PostcodeField
from app.ui.forms import Form


def options(enum: type[Any], *, without: tuple[Enum, ...] = ()) -> list[tuple[str, Any]]:
    """(value, label) of a labelled enum, translated when it is shown: for the filters of lists."""
    return [(str(m.value), _l(m.label)) for m in enum if m not in without]


def choices(enum: type[Any], *, without: tuple[Enum, ...] = ()) -> list[SelectChoice]:
    """The same for a form."""
    return [SelectChoice(value, label) for value, label in options(enum, without=without)]


def chosen(enum: type[Any], value: str | None) -> Any:
    """The member with this value; the form checked that there is one."""
    return next(member for member in enum if member.value == value)


class PersonForm(Form):
    first_name = StringField(_l("First name"), validators=[Length(max=80)])
    initials = StringField(_l("Initials"), validators=[Length(max=30)])
    infix = StringField(_l("Infix"), validators=[Length(max=20)])
    last_name = StringField(_l("Last name"), validators=[Length(max=120)])
    partner_infix = StringField(_l("Infix of the partner's name"), validators=[Length(max=20)])
    partner_name = StringField(_l("Partner's last name"), validators=[Length(max=120)])
    name_order = SelectField(_l("Uses"), choices=choices(NameOrder), default="own")
    title = StringField(_l("Title"), validators=[Length(max=40)])
    greeting = SelectField(_l("Form of address"), choices=choices(Greeting), default="neutral")
    language = SelectField(_l("Language"), choices=choices(Language), default="nl")

    @property
    def name(self) -> Name:
        return Name(
            first_name=self.first_name.data or "", initials=tidy_initials(self.initials.data or ""),
            infix=tidy_infix(self.infix.data or "")[:20], last_name=self.last_name.data or "",
            partner_infix=tidy_infix(self.partner_infix.data or "")[:20], partner_name=self.partner_name.data or "",
            order=chosen(NameOrder, self.name_order.data), title=self.title.data or "",
            greeting=chosen(Greeting, self.greeting.data),
        )  # fmt: skip

    @property
    def chosen_language(self) -> Language:
        return chosen(Language, self.language.data)


class NewPersonForm(PersonForm):
    email = EmailField(_l("E-mail"))
    phone = PhoneField(_l("Phone"))


class OrganisationForm(Form):
    name = StringField(_l("Name"), validators=[InputRequired(), Length(max=200)])
    kvk = StringField(
        _l("KvK number"), validators=[Optional(), Regexp(r"\d{8}\Z", message=_l("A KvK number has eight figures."))]
    )
    website = StringField(
        _l("Website"),
        validators=[
            Optional(), Length(max=200),
            Regexp(r"https?://[^\s]+\Z", message=_l("Write the whole address, for example https://www.example.nl.")),
        ],
    )  # fmt: skip
    language = SelectField(_l("Language"), choices=choices(Language), default="nl")

    @property
    def chosen_language(self) -> Language:
        return chosen(Language, self.language.data)


class NewOrganisationForm(OrganisationForm):
    roles = SelectMultipleField(_l("Roles"), choices=choices(Role))
    email = EmailField(_l("E-mail"))
    phone = PhoneField(_l("Phone"))


class _WithStaff(Form):
    """A choice of colleagues; one who has left stays in the list while chosen."""

    def offer(self, field: SelectField, current: int | None) -> None:
        people = {member.id: member.name for member in active_staff()}
        if current is not None and current not in people:
            people |= {i: member.name for i, member in by_ids([current]).items()}
        nobody = SelectChoice("", gettext("nobody in particular"))
        field.choices = [nobody, *(SelectChoice(str(i), name) for i, name in people.items())]


class StandingForm(_WithStaff):
    """What somebody is to us: roles, who looks after them, whether they live."""

    roles = SelectMultipleField(_l("Roles"), choices=choices(Role))
    owner = SelectField(_l("Who looks after this relation"))
    is_deceased = BooleanField(_l("This person has died"))
    deceased_on = DutchDateField(_l("Day of death, if known"))


class EmailForm(Form):
    email = EmailField(_l("E-mail"), validators=[InputRequired()])


class MailboxForm(EmailForm):
    """Another mailbox, after a check of who asks."""

    how = SelectField(_l("How did you make sure?"), validators=[InputRequired()])
    note = StringField(_l("Note"), validators=[Length(max=200)])


class PhoneForm(Form):
    phone = PhoneField(_l("Phone"), validators=[InputRequired()])


class AddressForm(Form):
    type = SelectField(_l("Kind"), choices=choices(AddressType), default="home")
    street = StringField(_l("Street"), validators=[InputRequired(), Length(max=120)])
    house_number = StringField(_l("Number and addition"), validators=[Length(max=20)])
    postcode = PostcodeField(_l("Postcode"), country="country")
    place = StringField(_l("Town"), validators=[InputRequired(), Length(max=80)])
    country = SelectField(_l("Country"), default="NL")
    replaces = BooleanField(_l("This replaces the present address of this kind"), default=True)


class IbanForm(Form):
    iban = IbanField(_l("IBAN"), validators=[InputRequired()])
    holder = StringField(_l("Name of the account holder"), validators=[Length(max=140)])


class RelationForm(Form):
    other = StringField(_l("With whom: reference"), validators=[InputRequired(), Length(max=40)])
    type = SelectField(_l("Kind of relation"), choices=choices(RelationType))
    function = StringField(_l("Function"), validators=[Length(max=80)])
    started_on = DutchDateField(_l("Since"))


class ConsentForm(Form):
    channel = SelectField(_l("Channel"), choices=choices(Channel))
    purpose = SelectField(_l("What for"), choices=choices(Purpose, without=(Purpose.SERVICE,)))
    basis = SelectField(_l("Answer"), choices=choices(Basis))
    given_on = DutchDateField(_l("On which day"), validators=[InputRequired()])
    source = StringField(_l("Where it came from"), validators=[InputRequired(), Length(max=40)])
    text_version = StringField(_l("Which text they saw"), validators=[Length(max=60)])
    proof = TextAreaField(_l("Proof"), validators=[Length(max=1000)])


class ObjectionForm(Form):
    channel = SelectField(_l("Channel"), choices=choices(Channel))
    source = StringField(_l("Where it came from"), validators=[InputRequired(), Length(max=40)])
    proof = TextAreaField(_l("What they said or wrote"), validators=[Length(max=500)])


class LiftForm(Form):
    proof = TextAreaField(
        _l("What shows that they asked for this themselves"), validators=[InputRequired(), Length(max=500)]
    )


class WithdrawForm(Form):
    channel = SelectField(_l("Channel"), choices=choices(Channel))
    purpose = SelectField(_l("What for"), choices=choices(Purpose, without=(Purpose.SERVICE,)))
    source = StringField(_l("Where it came from"), validators=[InputRequired(), Length(max=40)])
    proof = TextAreaField(_l("What they said or wrote"), validators=[Length(max=500)])


class InteractionForm(_WithStaff):
    kind = SelectField(_l("Kind"), choices=choices(InteractionKind), default="note")
    subject = StringField(_l("In a few words"), validators=[InputRequired(), Length(max=200)])
    body = TextAreaField(_l("What was said"), validators=[Length(max=10_000)])
    happened_on = DutchDateField(_l("On which day"), validators=[InputRequired()])


class NoteForm(Form):
    subject = StringField(_l("In a few words"), validators=[InputRequired(), Length(max=200)])
    body = TextAreaField(_l("What was said"), validators=[Length(max=10_000)])


class ComplaintForm(_WithStaff):
    """The next step of a complaint."""

    state = SelectField(_l("Becomes"))
    note = TextAreaField(_l("What was done or said"), validators=[Length(max=4000)])


class ComplaintPlanForm(_WithStaff):
    due_on = DutchDateField(_l("Answer by"), validators=[InputRequired()])
    assignee = SelectField(_l("By whom"))
