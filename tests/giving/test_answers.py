"""The parser of the form: what people are called is taken as it is, what is typed is kept, nothing breaks it."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.giving.answers import FIELDS, MAX_CENTS, MIN_CENTS, blank, read, tile_of
from app.ui.forms import bad_character

GOOD = blank("ideal") | {"first_name": "Anna", "last_name": "Berg", "email": "anna@example.org"}
# Letters of any script, with what joins and marks them inside names.
_LETTERS = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Lm", "Mn", "Mc")), min_size=1, max_size=20)
_ANYTHING = st.text(max_size=60) | st.text(string.printable, max_size=60)


def _read(**changes: str):  # type: ignore[no-untyped-def]
    return read(GOOD | changes, ("ideal", "bank_transfer"), ("watch",), ("ideal",), costs_cents=35)


@given(st.dictionaries(st.sampled_from((*FIELDS, "source", "token", "x")), _ANYTHING))
def test_whatever_is_sent_is_either_a_gift_within_bounds_or_an_error_beside_a_field(form: dict[str, str]) -> None:
    answers = _read(**form)
    assert (answers.gift is None) == bool(answers.errors)
    assert set(answers.errors) <= set(FIELDS)
    assert set(answers.typed) == set(FIELDS)
    if answers.gift is not None:
        assert MIN_CENTS <= answers.gift.amount_cents - answers.gift.covered_cents <= MAX_CENTS


@given(_ANYTHING.filter(lambda text: len(text) <= 60 and bad_character(text, lines=False) is None))
def test_what_was_typed_is_shown_again_as_it_was(text: str) -> None:
    assert _read(first_name=text, email="").typed["first_name"] == text


@given(_LETTERS)
def test_a_name_in_any_script_is_a_name(name: str) -> None:
    answers = _read(last_name=name)
    if bad_character(name, lines=False) is None and any(c.isalpha() for c in name):
        assert answers.errors == {}


@pytest.mark.parametrize(
    ("first", "infix", "last"),
    [
        ("Jan", "", "'t Hooft"), ("Jan", "'t", "Hooft"), ("IJsbrand", "", "IJzerman"), ("Ĳda", "", "Ĳ"),
        ("Q", "", "O"), ("Zoë 😀", "", "d'Arc"), ("مريم", "", "الحداد"), ("רות", "", "כהן"),
        ("Anne-Fleur", "van der", "O’Neill"),
    ],
)  # fmt: skip
def test_names_are_taken_as_people_write_them(first: str, infix: str, last: str) -> None:
    gift = _read(first_name=first, infix=infix, last_name=last).gift
    assert gift is not None
    assert (gift.first_name, gift.infix, gift.last_name) == (first, infix, last)


@given(st.integers(MIN_CENTS, MAX_CENTS))
def test_every_amount_within_bounds_is_read_to_the_cent(cents: int) -> None:
    gift = _read(amount="other", other_amount=f"{cents // 100},{cents % 100:02d}").gift
    assert gift is not None
    assert gift.amount_cents == cents


@pytest.mark.parametrize("presets", [(1250, 4000), (100,), (99_00, 10_000_00)])
def test_the_tiles_of_a_campaign_are_read_by_its_own_amounts(presets: tuple[int, ...]) -> None:
    for cents in presets:
        answers = read(GOOD | {"amount": tile_of(cents)}, ("ideal",), (), presets=presets)
        assert answers.gift is not None
        assert answers.gift.amount_cents == cents
    assert blank("", presets)["amount"] in {tile_of(cents) for cents in presets}


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("kind", {"kind": "robot"}),
        ("organisation", {"kind": "organisation"}),
        ("organisation", {"kind": "organisation", "organisation": "x" * 121}),
        ("organisation", {"kind": "organisation", "organisation": "https://evil.example"}),
        ("organisation", {"kind": "organisation", "organisation": "Bak\x07kerij"}),
        ("tribute", {"tribute": "revenge"}),
        ("tribute_name", {"tribute": "memory"}),
        ("tribute_name", {"tribute": "honour", "tribute_name": "www.evil.example"}),
        ("message", {"message": "x" * 501}),
        ("message", {"message": "a\x00b"}),
        ("message", {"message": "\u202eolleh"}),
        ("costs", {"costs": "perhaps"}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(field: str, changes: dict[str, str]) -> None:
    assert set(_read(**changes).errors) == {field}


def test_an_organisation_a_message_and_costs_come_along() -> None:
    gift = _read(
        kind="organisation", organisation="Bol.com & Zn", tribute="memory", tribute_name="Opa Jan",
        message="Sterkte.\r\nVan ons allen", costs="y",
    ).gift  # fmt: skip
    assert gift is not None
    assert (gift.organisation, gift.tribute, gift.tribute_name) == ("Bol.com & Zn", "memory", "Opa Jan")
    assert gift.message == "Sterkte.\nVan ons allen"
    assert (gift.amount_cents, gift.covered_cents) == (2535, 35)


def test_what_belongs_to_another_choice_is_left_out_and_kept_on_the_form() -> None:
    answers = _read(kind="person", organisation="https://evil.example", tribute="", tribute_name="<b>")
    assert answers.gift is not None
    assert answers.gift.organisation == answers.gift.tribute_name == ""
    assert answers.typed["organisation"] == "https://evil.example"


def test_costs_are_added_only_where_the_page_asks() -> None:
    gift = read(GOOD | {"costs": "y"}, ("ideal",), ()).gift
    assert gift is not None
    assert (gift.amount_cents, gift.covered_cents) == (2500, 0)
