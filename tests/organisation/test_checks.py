from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.errors import Invalid
from app.organisation import checks


def test_an_rsin_passes_the_eleven_test_and_forgives_dots() -> None:
    assert checks.rsin("1234.56.782") == "123456782"


@pytest.mark.parametrize(
    "text", ["123456783", "12345678", "1234567822", "000000000", "12345678a", "１２３４５６７８２", ""]
)
def test_a_wrong_rsin_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as error:
        checks.rsin(text)
    assert error.value.field == "rsin"


@given(st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_never_passes_as_an_rsin(place: int, more: int) -> None:
    digits = list("123456782")
    digits[place] = str((int(digits[place]) + more) % 10)
    with pytest.raises(Invalid):
        checks.rsin("".join(digits))


@pytest.mark.parametrize("text", ["NL08ZZZ502057730000", "NL93ZZZ332656790051", "nl97 zzz 4010 2948 0000"])
def test_real_creditor_identifiers_pass(text: str) -> None:
    assert checks.creditor_id(text) == text.replace(" ", "").upper()


def test_the_business_code_is_no_part_of_the_check() -> None:
    assert checks.creditor_id("NL08ABC502057730000") == "NL08ABC502057730000"


@pytest.mark.parametrize(
    "text", ["NL09ZZZ502057730000", "NL08ZZZ50205773000", "NL08ZZZ", "08ZZZ502057730000", "NL08ZZZ50205773000A"]
)
def test_wrong_creditor_identifiers_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        checks.creditor_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)", "data:text/html,x", "//evil.example", "https://", "https://user@evil.example/",
        'https://x.example/"onload', "https://x.example/a b", "ftp://x.example", "https://[x", "http://\x00.nl",
    ],
)  # fmt: skip
def test_only_plain_http_addresses_become_links(text: str) -> None:
    with pytest.raises(Invalid) as error:
        checks.web_address(text, "privacy_url")
    assert error.value.field == "privacy_url"


def test_a_descriptor_is_what_bank_statements_can_print() -> None:
    assert checks.descriptor("SVN gift") == "SVN gift"
    for text in ("ab", "x" * 23, "gift €", "gïft", "a\nbcd"):
        with pytest.raises(Invalid):
            checks.descriptor(text)
