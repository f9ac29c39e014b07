"""What makes an organisation's numbers and addresses right. Each raises Invalid beside its field."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from app.base.errors import Invalid
from app.base.iban import check_iban
from app.base.states import N_

_SPACES = re.compile(r"[\s.\-]+")


def rsin(text: str, field: str = "rsin") -> str:
    """Nine digits that pass the 11-test; dots and spaces are forgiven (DOMAIN.md 4.1)."""
    bare = _SPACES.sub("", text)
    if not re.fullmatch(r"[0-9]{9}", bare):
        raise Invalid(
            N_("An RSIN has 9 digits. Look it up in your ANBI decision or at the Chamber of Commerce."), field=field
        )
    digits = [int(c) for c in bare]
    if not any(digits) or (sum((9 - i) * d for i, d in enumerate(digits[:8])) - digits[8]) % 11:
        raise Invalid(
            N_("This RSIN is not right: the last digit does not fit the others. Look at the digits again."), field=field
        )
    return bare


def kvk(text: str, field: str = "kvk") -> str:
    bare = _SPACES.sub("", text)
    if not re.fullmatch(r"[0-9]{8}", bare) or bare == "00000000":
        raise Invalid(N_("A Chamber of Commerce number has 8 digits."), field=field)
    return bare


def creditor_id(text: str, field: str = "creditor_id") -> str:
    """A SEPA creditor identifier; the business code (characters 5-7) is no part of the check (DOMAIN.md 1.2)."""
    bare = re.sub(r"\s", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{3}[0-9A-Z]{1,28}", bare):
        raise Invalid(
            N_("A creditor identifier looks like NL00ZZZ000000000000: country, 2 digits, ZZZ, then the number."),
            field=field,
        )
    if bare.startswith("NL") and not re.fullmatch(r"NL[0-9]{2}[0-9A-Z]{3}[0-9]{12}", bare):
        raise Invalid(N_("A Dutch creditor identifier has 19 characters and ends in 12 digits."), field=field)
    turned = bare[7:] + bare[:4]
    if int("".join(str(int(c, 36)) for c in turned)) % 97 != 1:
        raise Invalid(N_("This creditor identifier is not right: its check digits do not fit."), field=field)
    return bare


def iban(text: str, field: str = "iban") -> str:
    try:
        return check_iban(text)
    except Invalid as error:
        error.field = field
        raise


def bic(text: str, field: str = "bic") -> str:
    bare = re.sub(r"\s", "", text).upper()
    if not re.fullmatch(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", bare):
        raise Invalid(N_("A BIC has 8 or 11 characters, for example INGBNL2A."), field=field)
    return bare


def web_address(text: str, field: str) -> str:
    """An absolute http(s) address of at most 300 characters; nothing else may become a link on our pages."""
    bare = text.strip()
    try:
        parts = urlsplit(bare)
        host = parts.hostname
    except ValueError:
        parts, host = None, None
    if (
        parts is None
        or parts.scheme.lower() not in ("http", "https")
        or not host
        or parts.username is not None
        or re.search(r"[\s\"'<>\\^`{|}\x00-\x1f\x7f]", bare)
    ):
        raise Invalid(N_("This is not a web address. It starts with https://."), field=field)
    if len(bare) > 300:
        raise Invalid(N_("This is too long: at most %(most)s characters."), field=field, most=300)
    return bare


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[^\s@\"<>(),:;\[\]\\\x00-\x1f\x7f]{{1,64}}@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}")


def email(text: str, field: str = "email") -> str:
    bare = text.strip()
    if len(bare) > 254 or not _EMAIL.fullmatch(bare) or ".." in bare:
        raise Invalid(N_("This e-mail address is not complete. It looks like name@example.org."), field=field)
    return bare


def descriptor(text: str, field: str = "statement_descriptor") -> str:
    """What a donor's bank statement shows: plain letters and figures that every bank prints."""
    if not re.fullmatch(r"[A-Za-z0-9 .,+/?():'-]{3,22}", text):
        raise Invalid(
            N_("Use 3 to 22 plain letters, figures and spaces: this is what bank statements can show."), field=field
        )
    return text
