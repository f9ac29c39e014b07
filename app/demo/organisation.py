"""The demo organisation: public facts about programmes, partners and funders; everything else invented."""

from __future__ import annotations

from datetime import datetime

from app.base.actor import Actor
from app.ledger.accounts import ensure_chart
from app.organisation import services as organisation
from app.organisation.models import AccountPurpose, BookedBy
from app.programmes import services as programmes
from app.supporters.drafts import OrganisationDraft
from app.supporters.models import Role
from app.supporters.services import create_people

_PROGRAMMES = (
    (
        "preventie-en-bescherming", "Preventie en bescherming", "Prevention and protection",
        "Voorlichting aan kinderen, ouders en scholen, en hulp die snel op gang komt.",
        "Information for children, parents and schools, and help that gets going fast.",
    ),
    (
        "watch-nederland", "WATCH Nederland", "WATCH Netherlands",
        "Lokadvertenties die mensen die willen kopen met hun plannen confronteren.",
        "Lure advertisements that confront would-be buyers with what they set out to do.",
    ),
    (
        "aangiftebereidheid", "Aangifte doen, met hulp", "Reporting, with help",
        "Een proef waarin slachtoffers steun krijgen bij de stap naar de politie.",
        "A pilot in which victims are supported in going to the police.",
    ),
    (
        "lobby", "Lobby voor passende straffen", "Lobby for tougher sentences",
        "Gesprekken met politiek en justitie over wetten en straffen.",
        "Talks with politics and the judiciary about laws and sentences.",
    ),
)  # fmt: skip
_PARTNERS = (
    ("Terre des Hommes", Role.LEAD),
    ("Centrum tegen Kinderhandel en Mensenhandel (CKM)", Role.PARTNER),
    ("Fier", Role.PARTNER),
    ("Defence for Children - ECPAT", Role.PARTNER),
)


def load_organisation(*, actor: Actor, now: datetime) -> dict[str, int]:
    """Make the organisation, its account, chart, programmes and partners; programme ids by slug."""
    organisation.save(
        organisation.Details(
            legal_name="Stichting Coalitie Veilig Opgroeien (voorbeeld)",
            name="Coalitie Veilig Opgroeien",
            mail_sender_name="CVO",
            mail_subject_name="CVO",
            statement_descriptor="STG CVO",
            rsin="123456782",
            kvk="90000013",
            creditor_id="NL13ZZZ900000130000",
            anbi=True,
            street="Voorbeeldkade 12",
            postcode="8911 AA",
            town="Leeuwarden",
            email="steun@demo.example",
            phone="058 200 00 00",
            website_url="https://www.demo.example",
            policy_url="https://www.demo.example/beleid",
            social_links=("https://social.demo.example/@cvo",),
        ),
        actor=actor,
        now=now,
    )
    organisation.save_account(
        None,
        iban="NL02ABNA0123456789",
        bic="ABNANL2A",
        holder="Stg Coalitie Veilig Opgroeien",
        purpose=AccountPurpose.GENERAL,
        booked_by=BookedBy.HERE,
        actor=actor,
        now=now,
    )
    ensure_chart()
    ids = {}
    for slug, name_nl, name_en, told_nl, told_en in _PROGRAMMES:
        ids[slug] = programmes.save_programme(
            None, slug=slug, name_nl=name_nl, name_en=name_en, description_nl=told_nl, description_en=told_en,
            public=True, actor=actor, now=now,
        )  # fmt: skip
    programmes.save_fund(
        None,
        slug="watch-nederland",
        name_nl="Bestemmingsfonds WATCH Nederland",
        name_en="Restricted fund WATCH Netherlands",
        programme_id=ids["watch-nederland"],
        actor=actor,
        now=now,
    )
    drafts = [OrganisationDraft(name=name, roles=(role,), source="demo") for name, role in _PARTNERS]
    create_people(drafts, actor=actor, now=now, look_for_doubles=False)
    return ids
