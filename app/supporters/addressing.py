"""How a letter reaches a supporter: the lines in the window of the envelope, and the greeting (DOMAIN.md 7)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from app.extensions import db
from app.supporters.contact_models import Address, AddressType, Relation, RelationType
from app.supporters.countries import countries
from app.supporters.models import Kind, Supporter
from app.supporters.names import Name, address_line, couple_address_line, couple_salutation, salutation

NOBODY = {"nl": "Geachte heer of mevrouw", "en": "Dear Sir or Madam"}


@dataclass(frozen=True, slots=True)
class Addressee:
    """`lines`: name, street, place, country where it is abroad. `salutation` has no comma."""

    lines: tuple[str, ...]
    salutation: str
    language: str
    has_address: bool


def addressees(
    ids: Collection[int], *, language: str | None = None, with_partner: bool = False
) -> dict[int, Addressee]:
    """Whom a letter to each of these is addressed to, in four statements. `language` None: their own.

    An organisation's letter goes to its contact person where one is known; `with_partner` addresses
    a couple where a partner is known and alive.
    """
    people = {s.id: s for s in db.session.execute(select(Supporter).where(Supporter.id.in_(set(ids)))).scalars()}
    contacts = _contacts([i for i, s in people.items() if s.kind is Kind.ORGANISATION])
    partners = _partners(list(people)) if with_partner else {}
    places = _postal_addresses(people)
    found = {}
    for row_id, supporter in people.items():
        spoken = language or supporter.language.value
        place = places.get(row_id)
        if supporter.kind is Kind.ORGANISATION:
            names, greeting = _organisation(supporter, contacts.get(row_id), spoken)
        elif row_id in partners:
            names = [couple_address_line(supporter.name, partners[row_id], spoken)]
            greeting = couple_salutation(supporter.name, partners[row_id], spoken)
        else:
            names, greeting = [address_line(supporter.name, spoken)], salutation(supporter.name, spoken)
        lines = [*names, *(_place_lines(place, spoken) if place else ())]
        found[row_id] = Addressee(tuple(line for line in lines if line), greeting, spoken, place is not None)
    return found


def partner_of(supporter_id: int) -> Name | None:
    """The partner a letter can be addressed to as well, if one is known and alive."""
    return _partners([supporter_id]).get(supporter_id)


def _organisation(supporter: Supporter, contact: Name | None, language: str) -> tuple[list[str], str]:
    if contact is None:
        return [supporter.organisation_name], NOBODY[language]
    attention = "t.a.v. " if language == "nl" else "Attn. "
    line = address_line(contact, language)
    line = line[:1].lower() + line[1:] if line.startswith(("De heer", "Mevrouw")) else line
    return [supporter.organisation_name, attention + line], salutation(contact, language)


def _place_lines(place: Address, language: str) -> list[str]:
    lines = [place.street_line, place.place_line]
    if place.country != "NL":
        lines.append(dict(countries(language)).get(place.country, place.country).upper())
    return lines


def _postal_addresses(ids: Collection[int]) -> dict[int, Address]:
    """The postal address where there is one, else the newest other than a visiting address."""
    rows = db.session.execute(
        select(Address)
        .where(Address.supporter_id.in_(set(ids)), Address.ended_on.is_(None), Address.type != AddressType.VISIT)
        .order_by(Address.id)
    ).scalars()
    found: dict[int, Address] = {}
    for row in rows:
        kept = found.get(row.supporter_id)
        if kept is None or kept.type is not AddressType.POSTAL or row.type is AddressType.POSTAL:
            found[row.supporter_id] = row
    return found


def _alive(ids: Collection[int]) -> dict[int, Name]:
    rows = select(Supporter).where(
        Supporter.id.in_(set(ids)), Supporter.kind == Kind.PERSON, Supporter.is_deceased.is_(False),
        Supporter.anonymised_at.is_(None), Supporter.merged_into_id.is_(None),
    )  # fmt: skip
    return {s.id: s.name for s in db.session.execute(rows).scalars()}


def _contacts(ids: Collection[int]) -> dict[int, Name]:
    """The first contact person of each organisation that still holds."""
    if not ids:
        return {}
    rows = select(Relation.to_id, Relation.from_id).where(
        Relation.to_id.in_(set(ids)), Relation.type == RelationType.CONTACT, Relation.ended_on.is_(None)
    )
    pairs = db.session.execute(rows.order_by(Relation.id.desc())).all()
    names = _alive([person for _organisation_id, person in pairs])
    return {organisation: names[person] for organisation, person in pairs if person in names}


def _partners(ids: Collection[int]) -> dict[int, Name]:
    wanted = set(ids)
    rows = select(Relation.from_id, Relation.to_id).where(
        Relation.from_id.in_(wanted) | Relation.to_id.in_(wanted), Relation.type == RelationType.PARTNER,
        Relation.ended_on.is_(None),
    )  # fmt: skip
    pairs = [(a, b) for one, other in db.session.execute(rows).all() for a, b in ((one, other), (other, one))]
    names = _alive([other for one, other in pairs if one in wanted])
    return {one: names[other] for one, other in pairs if one in wanted and other in names}
