"""Who a letter is addressed to (DOMAIN.md 7)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app.extensions import db, now, writing
from app.supporters.addressing import Addressee, addressees
from app.supporters.contact_models import Address, AddressType, Relation, RelationType
from app.supporters.names import Greeting, Name, couple_address_line, couple_salutation
from tests.factories.supporters import organisation, person

JAN = Name(initials="J.", infix="van den", last_name="Berg", greeting=Greeting.SIR)
ANNA = Name(first_name="Anna", initials="A.", infix="van den", last_name="Berg", greeting=Greeting.MADAM)
ELS = Name(first_name="Els", infix="'t", last_name="Hooft", greeting=Greeting.MADAM)
SAM = Name(first_name="Sam", last_name="IJsbrands")


def lives(supporter_id: int, kind: AddressType = AddressType.HOME, **parts: object) -> None:
    fields = {
        "street": "Dorpsstraat", "house_number": 12, "addition": "A", "postcode": "1234 AB", "place": "Utrecht",
        "place_key": "utrecht", "country": "NL",
    } | parts  # fmt: skip
    with writing():
        db.session.add(Address(supporter_id=supporter_id, type=kind, created_at=now(), **fields))


def related(one: int, other: int, kind: RelationType) -> None:
    with writing():
        db.session.add(Relation(from_id=one, to_id=other, type=kind, created_at=now()))


def to(supporter_id: int, **how: object) -> Addressee:
    return addressees([supporter_id], **how)[supporter_id]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "line", "greeting"),
    [
        (JAN, ANNA, "De heer J. en mevrouw A. van den Berg", "Geachte heer en mevrouw Van den Berg"),
        (ANNA, JAN, "Mevrouw A. en de heer J. van den Berg", "Geachte heer en mevrouw Van den Berg"),
        (JAN, ELS, "De heer J. van den Berg en mevrouw Els 't Hooft", "Geachte heer Van den Berg en mevrouw 't Hooft"),
        (ANNA, SAM, "Mevrouw A. van den Berg en Sam IJsbrands", "Beste Anna en Sam"),
    ],
)
def test_couples(one: Name, other: Name, line: str, greeting: str) -> None:
    assert (couple_address_line(one, other), couple_salutation(one, other)) == (line, greeting)


def test_a_person_in_the_layout_of_the_post(app: Flask) -> None:
    anna = person(ANNA)
    lives(anna)
    assert to(anna).lines == ("Mevrouw A. van den Berg", "Dorpsstraat 12-A", "1234 AB  UTRECHT")
    assert to(anna).salutation == "Geachte mevrouw Van den Berg"
    assert to(anna, language="en").lines[0] == "Ms A. van den Berg"
    assert to(anna, language="en").salutation == "Dear Ms Van den Berg"


def test_neutral_is_the_default_and_nobody_needs_an_address(app: Flask) -> None:
    sam = person(SAM)
    assert to(sam) == Addressee(("Sam IJsbrands",), "Beste Sam", "nl", False)


def test_the_postal_address_wins_and_abroad_names_the_country(app: Flask) -> None:
    sam = person(SAM)
    lives(sam, AddressType.POSTAL, street="Rue Haute", addition="", postcode="1000", place="Bruxelles", country="BE")
    lives(sam)
    assert to(sam).lines[1:] == ("Rue Haute 12", "1000  Bruxelles", "BELGIË")


def test_an_organisation_is_greeted_through_its_contact_person(app: Flask) -> None:
    school = organisation("Basisschool De Brug")
    assert (to(school).lines, to(school).salutation) == (("Basisschool De Brug",), "Geachte heer of mevrouw")
    related(person(JAN), school, RelationType.CONTACT)
    assert to(school).lines == ("Basisschool De Brug", "t.a.v. de heer J. van den Berg")
    assert to(school).salutation == "Geachte heer Van den Berg"


def test_a_couple_only_where_asked(app: Flask) -> None:
    anna, jan = person(ANNA), person(JAN)
    related(jan, anna, RelationType.PARTNER)
    assert to(anna).salutation == "Geachte mevrouw Van den Berg"
    assert to(anna, with_partner=True).salutation == "Geachte heer en mevrouw Van den Berg"


def test_many_cost_as_many_statements_as_one(app: Flask) -> None:
    ids = [person(f"Piet Bakker{n}") for n in range(12)]
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        addressees(ids[:1], with_partner=True)
        few = len(seen)
        addressees(ids, with_partner=True)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(seen) == 2 * few
