from __future__ import annotations

import pytest

from app.base.number_words import amount_in_words, number_in_words


@pytest.mark.parametrize(
    ("number", "dutch", "english"),
    [
        (0, "nul", "zero"),
        (1, "een", "one"),
        (22, "tweeëntwintig", "twenty-two"),
        (33, "drieëndertig", "thirty-three"),
        (48, "achtenveertig", "forty-eight"),
        (100, "honderd", "one hundred"),
        (101, "honderdeen", "one hundred and one"),
        (250, "tweehonderdvijftig", "two hundred and fifty"),
        (1000, "duizend", "one thousand"),
        (1001, "duizend een", "one thousand and one"),
        (1200, "duizend tweehonderd", "one thousand two hundred"),
        (12_345, "twaalfduizend driehonderdvijfenveertig", "twelve thousand three hundred and forty-five"),
        (250_000, "tweehonderdvijftigduizend", "two hundred and fifty thousand"),
        (1_500_000, "een miljoen vijfhonderdduizend", "one million five hundred thousand"),
    ],
)
def test_numbers_in_words(number: int, dutch: str, english: str) -> None:
    assert (number_in_words(number), number_in_words(number, "en")) == (dutch, english)


def test_every_number_has_words_of_its_own() -> None:
    for language in ("nl", "en"):
        assert len({number_in_words(n, language) for n in range(20_001)}) == 20_001


def test_amounts_in_words() -> None:
    assert amount_in_words(25_000) == "tweehonderdvijftig euro"
    assert amount_in_words(1_250) == "twaalf euro en vijftig cent"
    assert amount_in_words(101, "en") == "one euro and one cent"
    assert amount_in_words(1_250, "en") == "twelve euros and fifty cents"


@pytest.mark.parametrize("number", [-1, 1_000_000_000])
def test_what_has_no_words_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="no words"):
        number_in_words(number)
