from __future__ import annotations

import pytest

from app.base.errors import Invalid
from app.supporters.contact import (
    check_email,
    check_phone,
    check_postcode,
    is_person_line,
    show_phone,
    split_house_number,
)


@pytest.mark.parametrize("typed", ["06-12345678", "0612345678", "06 12 34 56 78", "+31 6 12345678", "0031612345678"])
def test_one_mobile_number_many_spellings(typed: str) -> None:
    assert check_phone(typed) == "+31612345678"


def test_numbers_are_shown_as_they_are_dialled_here() -> None:
    assert show_phone("+31612345678") == "06 12345678"
    assert show_phone("+31206222222") == "020 622 2222"
    assert show_phone("+3225551212").startswith("+32")


@pytest.mark.parametrize("typed", ["", "12", "06123456789", "0600000000", "jan"])
def test_what_is_no_phone_number_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        check_phone(typed)


def test_information_numbers_are_never_called() -> None:
    assert not is_person_line("+318001234")
    assert not is_person_line("+319001234567")
    assert is_person_line("+31612345678")


@pytest.mark.parametrize(("typed", "stored"), [("1234ab", "1234 AB"), (" 1234  AB ", "1234 AB"), ("", "")])
def test_dutch_postcodes_are_spelt_one_way(typed: str, stored: str) -> None:
    assert check_postcode(typed) == stored


@pytest.mark.parametrize("typed", ["0234 AB", "1234 SA", "1234 SS", "1234", "12345 AB", "१२३४ AB"])
def test_what_is_no_dutch_postcode_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        check_postcode(typed)


def test_foreign_postcodes_are_kept() -> None:
    assert check_postcode("sw1a 1aa", "GB") == "SW1A 1AA"


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("12-A", (12, "A")),
        ("12a", (12, "A")),
        ("12 A", (12, "A")),
        ("12 bis", (12, "bis")),
        ("12", (12, "")),
        ("", (None, "")),
    ],
)
def test_house_numbers_split_from_their_addition(typed: str, parts: tuple[int | None, str]) -> None:
    assert split_house_number(typed) == parts


@pytest.mark.parametrize("typed", ["A12", "0", "-3", "1234567"])
def test_what_is_no_house_number_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        split_house_number(typed)


@pytest.mark.parametrize("typed", ["jan", "jan@", "@x.nl", "jan@@x.nl", "jan@x", "a b@x.nl", "jan@x.nl\nBcc: all@x.nl"])
def test_what_is_no_email_address_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        check_email(typed)


def test_an_address_keeps_its_spelling() -> None:
    assert check_email(" Jan.Jansen@Example.NL ") == "Jan.Jansen@example.nl"
