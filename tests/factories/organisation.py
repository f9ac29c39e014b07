"""The organisation and its programmes, made through the services."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from app.base.actor import SYSTEM
from app.extensions import now, writing
from app.organisation import services
from app.organisation.models import AccountPurpose, BookedBy
from app.programmes import services as programmes

IBAN = "NL91ABNA0417164300"

DETAILS = services.Details(
    legal_name="Stichting Voorbeeld Nederland",
    name="Voorbeeld",
    rsin="123456782",
    kvk="50205773",
    anbi=True,
    anbi_since=date(2008, 1, 1),
    creditor_id="NL08ZZZ502057730000",
    street="Lange Voorhout 1",
    postcode="2514 EA",
    town="Den Haag",
    email="info@voorbeeld.example",
    phone="+31701234567",
    website_url="https://voorbeeld.example",
    social_links=("https://social.example/voorbeeld",),
    mail_sender_name="SVN Giften",
    mail_subject_name="SVN",
    statement_descriptor="SVN gift",
)


def make_organisation(**changes: Any) -> int:
    """The organisation with one account for gifts."""
    with writing():
        organisation_id = services.save(replace(DETAILS, **changes), actor=SYSTEM, now=now())
        services.save_account(
            None, iban=IBAN, bic="ABNANL2A", holder="Stichting Voorbeeld Nederland", purpose=AccountPurpose.GIFTS,
            booked_by=BookedBy.HERE, actor=SYSTEM, now=now(),
        )  # fmt: skip
    return organisation_id


def make_programme(slug: str = "opvang", **values: Any) -> int:
    name = values.pop("name", slug.capitalize())
    values = {"name_nl": name, "name_en": name, "public": True} | values
    with writing():
        return programmes.save_programme(None, slug=slug, actor=SYSTEM, now=now(), **values)


def make_campaign(slug: str = "voorjaar", **values: Any) -> int:
    values = {"name_nl": "Voorjaarsactie", "name_en": "Spring appeal", "source_code": slug.upper()} | values
    with writing():
        return programmes.save_campaign(None, slug=slug, actor=SYSTEM, now=now(), **values)


def make_fund(slug: str = "fonds", **values: Any) -> int:
    values = {"name_nl": f"Fonds {slug}", "name_en": f"Fund {slug}"} | values
    with writing():
        return programmes.save_fund(None, slug=slug, actor=SYSTEM, now=now(), **values)
