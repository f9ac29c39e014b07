"""Whole numbers and amounts in words, as the form for a periodic gift wants them (DOMAIN.md 4.2).

Dutch by the Leidraad (6.9): one word up to a thousand, a space after *duizend* and around *miljoen*.
Why not a library: docs/decisions/number-words.md.
"""

from __future__ import annotations

_NL = (
    "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien "
    "achttien negentien"
).split()
_NL_TENS = "- - twintig dertig veertig vijftig zestig zeventig tachtig negentig".split()
_EN = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_EN_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
LARGEST = 999_999_999


def number_in_words(number: int, language: str = "nl") -> str:
    """`duizend tweehonderdvierendertig`; `one thousand two hundred and thirty-four`. From 0 to 999,999,999."""
    if not 0 <= number <= LARGEST:
        raise ValueError(f"no words for {number}")
    return _dutch(number) if language == "nl" else _english(number)


def amount_in_words(cents: int, language: str = "nl") -> str:
    """`tweehonderdvijftig euro`; with cents `twaalf euro en vijftig cent`."""
    euros, rest = divmod(cents, 100)
    words = f"{number_in_words(euros, language)} {'euro' if language == 'nl' or euros == 1 else 'euros'}"
    if not rest:
        return words
    both, cent = ("en", "cent") if language == "nl" else ("and", "cent" if rest == 1 else "cents")
    return f"{words} {both} {number_in_words(rest, language)} {cent}"


def _dutch(number: int) -> str:
    if number < 20:
        return _NL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        # A trema where two vowels meet: tweeëntwintig, drieëndertig.
        joint = "ën" if _NL[ones].endswith("e") else "en"
        return (f"{_NL[ones]}{joint}" if ones else "") + _NL_TENS[tens]
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return ("" if hundreds == 1 else _NL[hundreds]) + "honderd" + (_dutch(rest) if rest else "")
    if number < 1_000_000:
        thousands, rest = divmod(number, 1000)
        return ("" if thousands == 1 else _dutch(thousands)) + "duizend" + (f" {_dutch(rest)}" if rest else "")
    millions, rest = divmod(number, 1_000_000)
    return f"{_dutch(millions)} miljoen" + (f" {_dutch(rest)}" if rest else "")


def _english(number: int) -> str:
    if number < 20:
        return _EN[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _EN_TENS[tens] + (f"-{_EN[ones]}" if ones else "")
    for size, word in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            count, rest = divmod(number, size)
            joint = " and " if rest < 100 else " "
            return f"{_english(count)} {word}" + (f"{joint}{_english(rest)}" if rest else "")
    raise AssertionError(number)
