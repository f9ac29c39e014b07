"""IBANs: tidy, check, and say which part is wrong (ISO 13616, lengths of the IBAN registry)."""

from __future__ import annotations

import re

from app.base.errors import Invalid
from app.base.states import N_

LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip

# Of the countries in the EEA: from which place on there are figures alone.
_FIGURES_FROM = {"NL": 8} | dict.fromkeys(
    ("AT", "BE", "CZ", "DE", "DK", "EE", "ES", "FI", "HR", "HU", "IS", "LT", "NO", "PL", "PT", "SE", "SI", "SK"), 4
)
_NUMBERS = {ord(letter): str(10 + place) for place, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_NOTHING, _SHAPE = re.compile(r"[\s.\u00a0\u202f-]"), re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]+", re.ASCII)
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_DUTCH = re.compile(r"NL\d\d[A-Z]{4}\d{10}", re.ASCII)


def check_iban(text: str) -> str:
    """The IBAN without spaces, in capitals. Raises Invalid saying what is wrong and what to do."""
    if _DUTCH.fullmatch(text) and int((text[4:] + text[:4]).translate(_NUMBERS)) % 97 == 1:
        return text  # most of what is checked, and files hold 100,000 of them
    bare = re.sub(r"^IBAN:?", "", _NOTHING.sub("", text).upper())
    _refuse_look_alikes(bare)
    if not _SHAPE.fullmatch(bare):
        raise Invalid(N_("An IBAN begins with two letters and two figures, for example NL91 ABNA 0417 1643 00."))
    wanted = LENGTHS.get(bare[:2])
    if wanted is None:
        raise Invalid(N_("This IBAN is not right: %(country)s is not a country code that has IBANs."), country=bare[:2])
    if len(bare) != wanted:
        raise Invalid(
            N_("This IBAN is not right: a number from %(country)s has %(wanted)s characters, this one has %(found)s."),
            country=bare[:2], wanted=wanted, found=len(bare),
        )  # fmt: skip
    if bare[:2] == "NL" and not _DUTCH.fullmatch(bare):
        raise Invalid(N_("This IBAN is not right: after NL and two figures come four letters and ten figures."))
    if int((bare[4:] + bare[:4]).translate(_NUMBERS)) % 97 != 1:
        raise Invalid(
            N_("This IBAN is not right: the check number does not fit the rest. Please look at the figures again.")
        )
    return bare


def _refuse_look_alikes(bare: str) -> None:
    """What is taken for an IBAN, or for a figure in it."""
    if _BIC.fullmatch(bare):
        raise Invalid(
            N_(
                "This is a BIC: the code of a bank. "
                "Fill in the number of the account, for example NL91 ABNA 0417 1643 00."
            )
        )  # fmt: skip
    if len(bare) != LENGTHS.get(bare[:2]) or (bare[:2] == "NL" and not bare[4:8].isalpha()):
        return
    for place in (2, 3, *range(_FIGURES_FROM.get(bare[:2], len(bare)), len(bare))):
        if bare[place] in "OIL" or (place > 3 and "A" <= bare[place] <= "Z"):
            raise Invalid(
                N_(
                    "This IBAN is not right: character %(place)s is a letter %(letter)s where only a figure can stand. "
                    "An O and a 0, or an I and a 1, look alike."
                ),
                place=place + 1, letter=bare[place],
            )  # fmt: skip
