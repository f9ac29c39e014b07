from __future__ import annotations

import pytest
from flask import Flask

from app.base.actor import SYSTEM
from app.extensions import now, writing
from app.supporters import contacts, interactions, search
from app.supporters.drafts import AddressDraft
from app.supporters.interaction_models import InteractionKind
from app.supporters.names import Name
from app.supporters.queries import get
from tests.factories.supporters import organisation, person

IBAN = "NL91ABNA0417164300"


def found(query: str, *, notes: bool = False) -> list[int]:
    return [hit.id for hit in search.suggest(query, notes=notes)]


def test_people_are_found_by_every_part_as_it_is_typed(app: Flask) -> None:
    jan = person(
        "Jan van den Bijl", email="jan.b@voorbeeld.example", phone="+31612345678",
        address=AddressDraft(postcode="1971 AB", place="IJmuiden"),
    )  # fmt: skip
    person("Piet Jansen")
    for typed in (
        "jan bijl", "BYL", "bi", "bijl jan", "v.d. bijl", "van den b", "ijmui", "ym", "1971ab", "jan.b@voor",
        "voorbeeld",        "06-12345678", "+31 6 12345678", get(jan).code, get(jan).code.lower().replace("-", " "),
    ):  # fmt: skip
        assert found(typed) == [jan], typed
    for typed in ("bijl piet", "zz", "", "  ", "'", "%", "_", "bijl zz"):
        assert found(typed) == [], typed


def test_diacritics_and_partner_names_do_not_hide_people(app: Flask) -> None:
    one = person(Name(first_name="Zoë", last_name="Müller", partner_infix="de", partner_name="Groot"))
    for typed in ("zoe", "muller", "Müll", "groot"):
        assert found(typed) == [one], typed


def test_whole_words_come_before_beginnings(app: Flask) -> None:
    longer, whole = person("Anna Bergman"), person("Anna Berg")
    assert found("berg") == [whole, longer]


def test_an_iban_is_found_whole_or_not_at_all(app: Flask) -> None:
    one = person(iban=IBAN)
    assert found("NL91 ABNA 0417 1643 00") == [one]
    assert found("nl91abna0417164300") == [one]
    for part in ("NL91", "NL91ABNA", "0417164300", "4300", "NL92ABNA0417164300"):
        assert found(part) == [], part


def test_notes_are_found_by_those_who_may_read_them(app: Flask) -> None:
    one = person()
    with writing():
        interactions.add(
            one, InteractionKind.NOTE, subject="Zeilboot", body="Wil liever niet gebeld.", actor=SYSTEM, now=now()
        )
    assert found("zeilb", notes=True) == [one]
    assert found("zeilb") == []


def test_what_is_taken_away_is_found_no_more(app: Flask) -> None:
    one = person("Jan Bijl")
    with writing():
        email = contacts.add_email(one, "weg@voorbeeld.example", actor=SYSTEM, now=now())
    assert found("weg@") == [one]
    with writing():
        contacts.remove_email(email, one, actor=SYSTEM, now=now())
    assert found("weg@") == []


@pytest.mark.parametrize("query", ["a" * 5000, "\x00", "\U0010ffff", "💥", "' OR 1=1 --", "NL91" * 50, "1" * 60])
def test_odd_queries_find_nothing_and_break_nothing(app: Flask, query: str) -> None:
    person()
    assert found(query) == []


def test_organisations_are_found_by_their_name(app: Flask) -> None:
    one = organisation("Stichting 't Huis & Co")
    for typed in ("stichting huis", "thuis", "co"):
        assert found(typed) in ([one], []), typed
    assert found("stichting") == [one]
