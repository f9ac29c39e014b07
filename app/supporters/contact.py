"""E-mail addresses, phone numbers, postcodes and house numbers as they are stored. Plain functions."""

from __future__ import annotations

import re

from app.base.errors import Invalid
from app.base.states import N_

_LETTERS_REFUSED = ("SA", "SD", "SS")


def check_email(text: str) -> str:
    """The address as it should be written to. Raises Invalid saying what is wrong."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return str(validate_email(text.strip(), check_deliverability=False).normalized)
    except EmailNotValidError:
        raise Invalid(
            N_("This is not an e-mail address. It looks like name@example.org: look at the @ and the part behind it."),
            field="email",
        ) from None


def email_key(address: str) -> str:
    """Equal for addresses that reach the same mailbox: case does not matter."""
    return address.strip().casefold()[:254]


def check_phone(text: str, region: str = "NL") -> str:
    """E.164 (`+31612345678`) of a number as people type it. Raises Invalid."""
    bare = re.sub(r"[\s().\-/\u00a0]", "", text)
    if re.fullmatch(r"06[1-9]\d{7}", bare, re.ASCII) and region == "NL":
        return "+31" + bare[1:]
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise Invalid(
            N_("This is not a phone number. Dutch numbers have ten figures; put + and the country before others."),
            field="phone",
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def show_phone(number: str) -> str:
    """`06 12345678`, `+32 470 12 34 56`: Dutch numbers as they are dialled here."""
    if re.fullmatch(r"\+316\d{8}", number):
        return f"06 {number[4:]}"
    import phonenumbers

    parsed = phonenumbers.parse(number, None)
    form = phonenumbers.PhoneNumberFormat
    return str(phonenumbers.format_number(parsed, form.NATIONAL if parsed.country_code == 31 else form.INTERNATIONAL))


def is_person_line(number: str) -> bool:
    """Whether somebody may be rung at this number: information numbers (0800, 0900) never are."""
    return not re.match(r"\+31(?:800|90[069])", number)


def check_postcode(text: str, country: str = "NL") -> str:
    """`1234 AB`; postcodes of other countries as typed, in capitals. Raises Invalid."""
    bare = " ".join(text.upper().split())
    if country != "NL" or not bare:
        return bare[:16]
    match = re.fullmatch(r"([1-9]\d{3}) ?([A-Z]{2})", bare, re.ASCII)
    if not match or match[2] in _LETTERS_REFUSED:
        raise Invalid(
            N_("This is not a Dutch postcode: that is four figures and two letters, like 1234 AB."), field="postcode"
        )
    return f"{match[1]} {match[2]}"


def split_house_number(text: str) -> tuple[int | None, str]:
    """(12, "A") of `12-A`, `12a`, `12 A`; (12, "bis"); (None, "") of nothing. Raises Invalid."""
    bare = " ".join(text.split())
    if not bare:
        return None, ""
    match = re.fullmatch(r"(\d{1,6})(?!\d)(?:\s*[-/]\s*|\s*)(.{0,20})", bare, re.ASCII | re.DOTALL)
    if not match or not int(match[1]):
        raise Invalid(N_("A house number begins with figures, like 12, 12-A or 12 bis."), field="house_number")
    addition = match[2].strip()
    return int(match[1]), addition.upper() if len(addition) == 1 else addition
