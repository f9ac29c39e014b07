"""The settings of the organisation and of its bank accounts."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.base.dates import month_name
from app.organisation.models import AccountPurpose, BookedBy, PainVersion
from app.organisation.services import Details
from app.ui.fields import DutchDateField, EmailField, IbanField, options
from app.ui.forms import Form
from app.ui.languages import language

_TEXTS = (
    "legal_name", "name", "rsin", "kvk", "anbi_url", "creditor_id", "street", "postcode", "town", "phone",
    "website_url", "privacy_url", "complaints_url", "policy_url", "mail_sender_name", "mail_subject_name",
    "statement_descriptor",
)  # fmt: skip


NOTICE_DAYS = 14  # what the law asks where nothing else was agreed (DOMAIN.md 1.2)


class DetailsForm(Form):
    """Everything about the one legal entity that receives the money."""

    legal_name = StringField(_l("Name in the articles"), validators=[InputRequired(), Length(max=140)])
    name = StringField(_l("Name for the public"), validators=[InputRequired(), Length(max=140)])
    rsin = StringField(_l("RSIN"), validators=[Length(max=20)])
    kvk = StringField(_l("Chamber of Commerce number"), validators=[Length(max=20)])
    anbi = BooleanField(_l("We are an ANBI"))
    anbi_since = DutchDateField(_l("ANBI since"))
    anbi_url = StringField(_l("Page with the ANBI publication"), validators=[Length(max=300)])
    creditor_id = StringField(_l("Creditor identifier for direct debit"), validators=[Length(max=45)])
    fiscal_year_start = SelectField(_l("The fiscal year begins in"))
    notice_days = IntegerField(
        _l("Days between the notice and a first or changed collection"), validators=[Optional(), NumberRange(1, 60)]
    )
    online_mandates = BooleanField(_l("Donors may sign a mandate on our website"))
    street = StringField(_l("Street and number"), validators=[Length(max=120)])
    postcode = StringField(_l("Postal code"), validators=[Length(max=12)])
    town = StringField(_l("Town"), validators=[Length(max=80)])
    email = EmailField(_l("E-mail for donors"))
    phone = StringField(_l("Phone"), validators=[Length(max=30)])
    website_url = StringField(_l("Website"), validators=[Length(max=300)])
    privacy_url = StringField(_l("Privacy page of your own"), validators=[Length(max=300)])
    complaints_url = StringField(_l("Complaints page of your own"), validators=[Length(max=300)])
    policy_url = StringField(_l("Policy plan or annual report"), validators=[Length(max=300)])
    social_links = TextAreaField(_l("Social media"), validators=[Length(max=2500)])
    mail_sender_name = StringField(_l("Sender of mail"), validators=[InputRequired(), Length(max=60)])
    mail_subject_name = StringField(_l("Name in the subject of mail"), validators=[InputRequired(), Length(max=60)])
    statement_descriptor = StringField(_l("Text on bank statements"), validators=[InputRequired(), Length(max=22)])

    def choose(self) -> None:
        months = [(month, month_name(month, language())) for month in range(1, 13)]
        self.fiscal_year_start.choices = options(months)

    def details(self) -> Details:
        """What was filled in; the service checks it."""
        texts: dict[str, Any] = {name: self[name].data or None for name in _TEXTS}
        links = tuple(line.strip() for line in (self.social_links.data or "").splitlines() if line.strip())
        return Details(
            **texts, anbi=bool(self.anbi.data), anbi_since=self.anbi_since.data, email=self.email.data or None,
            fiscal_year_start=int(self.fiscal_year_start.data), social_links=links,
            notice_days=self.notice_days.data or NOTICE_DAYS, online_mandates=bool(self.online_mandates.data),
        )  # fmt: skip


def filled(row: Any) -> dict[str, Any]:
    """What the form shows of the organisation there is."""
    if row is None:
        return {"fiscal_year_start": "1", "notice_days": NOTICE_DAYS}
    values = {name: getattr(row, name) or "" for name in (*_TEXTS, "email")}
    return values | {
        "anbi": row.anbi, "anbi_since": row.anbi_since, "fiscal_year_start": str(row.fiscal_year_start),
        "notice_days": row.notice_days, "online_mandates": row.online_mandates,
        "social_links": "\n".join(row.social_links),
    }  # fmt: skip


class AccountForm(Form):
    """A bank account of the organisation itself."""

    iban = IbanField(_l("IBAN"), validators=[InputRequired()])
    bic = StringField(_l("BIC"), validators=[Length(max=11)])
    holder = StringField(_l("In the name of"), validators=[InputRequired(), Length(max=70)])
    purpose = SelectField(_l("Used for"), choices=options(AccountPurpose))
    booked_by = SelectField(_l("Its lines are booked by"), choices=options(BookedBy))
    active = BooleanField(_l("In use"), default=True)
    creditor_id = StringField(_l("Creditor identifier"), validators=[Length(max=35)])
    pain_version = SelectField(_l("Version of the collection file"), choices=options(PainVersion))
    lead_days = IntegerField(_l("Bank days before the collection"), validators=[InputRequired()])
    cut_off = TimeField(_l("Until what time"), validators=[Optional()])
