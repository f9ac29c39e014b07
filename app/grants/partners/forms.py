"""The forms of partners, sub-grants and their money."""

from __future__ import annotations

import re
import secrets
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.grants import choices
from app.grants.pages import VersionedForm, filled
from app.grants.partners.models import Booking, GrantPartner, PartnerRole, SubGrant
from app.grants.partners.services import PartnerFacts
from app.grants.partners.sub_grants import SubGrantFacts
from app.ui.fields import DutchDateField, EmailField, MoneyField, options
from app.ui.forms import Form
from app.ui.languages import LANGUAGES, language


class ShareField(MoneyField):
    """A share of the grant: `25`, `33,33`, `33.33 %`. Data is basis points."""

    grouped = echo = False

    def process_data(self, value: Any) -> None:
        self.data = value

    def shown(self, data: int) -> str:
        text = f"{Decimal(data).scaleb(-2).normalize():f}"
        return text.replace(".", ",") if language() == "nl" else text

    def read(self, text: str) -> Any:
        match = re.fullmatch(r"(\d{1,3})(?:[.,](\d{1,2}))?%?", re.sub(r"\s", "", text), re.ASCII)
        points = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else -1
        if not 0 <= points <= 10_000:
            raise ValueError(gettext("A share lies between 0 and 100 percent."))
        return points


class PartnerFields(Form):
    LAYOUT = [["role", "share"], ["contact_name", "contact_email"], ["language", "agreed_on"]]

    role = SelectField(_l("Role"), coerce=PartnerRole, validators=[InputRequired()])
    share = ShareField(_l("Share of the grant, in percent"))
    contact_name = StringField(_l("Contact"), validators=[Length(max=120)])
    contact_email = EmailField(_l("E-mail address for questions"))
    language = SelectField(_l("Language of mails"), choices=options(LANGUAGES.items()))
    agreed_on = DutchDateField(_l("Agreement signed on"))

    def offer(self) -> None:
        self.role.choices = choices.labelled(PartnerRole)

    def facts(self) -> PartnerFacts:
        return PartnerFacts(
            role=self.role.data,
            share_basis_points=self.share.data,
            agreed_on=self.agreed_on.data,
            contact_name=self.contact_name.data or "",
            contact_email=self.contact_email.data or "",
            language=self.language.data,
        )


class NewPartnerForm(PartnerFields):
    LAYOUT = [["supporter_id"], *PartnerFields.LAYOUT]

    supporter_id = SelectField(_l("Organisation"), coerce=choices.row_id, validators=[InputRequired()])

    @classmethod
    def of(cls, organisations: list[tuple[Any, str]], **kwargs: Any) -> NewPartnerForm:
        form = cls(data={"role": PartnerRole.PARTNER}, **kwargs)
        form.offer()
        form.supporter_id.choices = organisations
        return form


class PartnerForm(VersionedForm, PartnerFields):
    @classmethod
    def of(cls, row: GrantPartner, **kwargs: Any) -> PartnerForm:
        names = ("version", "role", "contact_name", "contact_email", "language", "agreed_on")
        form = cls(data={name: getattr(row, name) for name in names} | {"share": row.share_basis_points}, **kwargs)
        form.offer()
        return form


class AgreementForm(Form):
    file = FileField(_l("Agreement"))


class SubGrantFields(Form):
    LAYOUT = [["title", "amount"], ["booking"], ["starts_on", "ends_on"]]

    title = StringField(_l("What it is for"), validators=[InputRequired(), Length(max=200)])
    amount = MoneyField(_l("Amount"), validators=[InputRequired()])
    booking = SelectField(_l("How it is booked"), coerce=Booking, validators=[InputRequired()])
    starts_on = DutchDateField(_l("From"), validators=[InputRequired()])
    ends_on = DutchDateField(_l("Until"), validators=[InputRequired()])

    def facts(self) -> SubGrantFacts:
        return SubGrantFacts(
            title=self.title.data or "",
            amount_cents=filled(self.amount.data).cents,
            booking=self.booking.data,
            starts_on=filled(self.starts_on.data),
            ends_on=filled(self.ends_on.data),
        )


class NewSubGrantForm(SubGrantFields):
    @classmethod
    def of(cls, starts_on: date, ends_on: date, amount_cents: int | None, **kwargs: Any) -> NewSubGrantForm:
        data = {"starts_on": starts_on, "ends_on": ends_on, "amount": amount_cents, "booking": Booking.PRINCIPAL}
        form = cls(data=data, **kwargs)
        form.booking.choices = choices.labelled(Booking)
        return form


class SubGrantForm(VersionedForm, SubGrantFields):
    @classmethod
    def of(cls, row: SubGrant, **kwargs: Any) -> SubGrantForm:
        names = ("version", "title", "booking", "starts_on", "ends_on")
        form = cls(data={name: getattr(row, name) for name in names} | {"amount": row.amount_cents}, **kwargs)
        form.booking.choices = choices.labelled(Booking)
        return form


class InstalmentForm(Form):
    LAYOUT = [["amount", "due_on"]]

    amount = MoneyField(_l("Amount"), validators=[InputRequired()])
    due_on = DutchDateField(_l("Owed from"), validators=[InputRequired()])


class DutyForm(Form):
    LAYOUT = [["title", "due_on"]]

    title = StringField(_l("What the partner delivers"), validators=[InputRequired(), Length(max=200)])
    due_on = DutchDateField(_l("Due"), validators=[InputRequired()])


class PayForm(VersionedForm):
    LAYOUT = [["paid_on", "bank_reference"]]

    paid_on = DutchDateField(_l("Paid on"), validators=[InputRequired()])
    bank_reference = StringField(_l("Description on the bank statement"), validators=[InputRequired(), Length(max=140)])
    form_key = HiddenField(validators=[InputRequired(), Length(min=16, max=64)])

    @classmethod
    def of(cls, version: int, today: date, **kwargs: Any) -> PayForm:
        data = {"version": version, "paid_on": today, "form_key": secrets.token_urlsafe(24)}
        return cls(data=data, **kwargs)


class ReasonForm(VersionedForm):
    note = TextAreaField(_l("Why"), validators=[InputRequired(), Length(max=500)])
