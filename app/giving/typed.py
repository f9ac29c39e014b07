"""What donors type in words: names, addresses, an account. Each check gives it tidied, or says what is wrong."""

from __future__ import annotations

import re

from app.base.errors import Invalid
from app.base.iban import check_iban
from app.base.states import N_
from app.direct_debit.obstacles import EEA
from app.ui.forms import bad_character, strip

LONGEST = {
    "organisation": 120, "first_name": 60, "infix": 20, "last_name": 80, "email": 254, "other_amount": 40,
    "tribute_name": 80, "message": 500, "iban": 60, "holder": 70,
}  # fmt: skip


def text_of(value: str, longest: int, *, lines: bool = False) -> str:
    text = str(strip(value))
    # Nearly all of what people type is plain ASCII, seen at a glance.
    if not (text.isascii() and text.isprintable()) and bad_character(text, lines=lines) is not None:
        raise Invalid(N_("There is an invisible or control character in this text. Please type it again."))
    if len(text) > longest:
        raise Invalid(
            N_("This is too long: at most %(longest)s characters, these are %(found)s."),
            longest=longest, found=len(text),
        )  # fmt: skip
    return text


# What mail programs make a link of by themselves: two or more letters, a dot and a domain's end.
_ADDRESS = re.compile(
    r"://|www\.|[^\W_]\.[^\W_]{2,24}/|[\w-]{2,}\.(?:com|net|org|info|biz|nl|be|de|eu|fr|uk|io|co|me|ly|gg|ru|cn|tk|top|xyz"
    r"|shop|site|store|online|website|app|dev|link|click|live|life|club|vip|win|bet|page|space|world|today|news)\b",
    re.IGNORECASE,
)


_NONE = frozenset("-–—.")


def name_of(value: str, name: str, when_empty: str) -> str:
    """A dash in one of a person's names says that there is none: who has a single name fills in the other."""
    text = text_of(value, LONGEST[name])
    if text in _NONE and name != "tribute_name":
        return ""
    if not text:
        if when_empty:
            raise Invalid(when_empty)
        return ""
    # Names go into mails: an address in one would make our mail carry a stranger's advertisement.
    if _ADDRESS.search(text) or any(c in text for c in "<>@{}[]") or not any(c.isalpha() for c in text):
        raise Invalid(N_("Use letters: this is how we will address you."))
    return re.sub(r"\s+", " ", text)


def organisation_of(value: str) -> str:
    text = text_of(value, LONGEST["organisation"])
    if not text:
        raise Invalid(N_("Fill in the name of your organisation."))
    # A firm may be called after its address on the web (bol.com), but a link or a mailbox is no name.
    if "://" in text or "/" in text or any(c in text for c in "<>@{}[]") or not any(c.isalnum() for c in text):
        raise Invalid(N_("Fill in the name of your organisation, not an address."))
    return re.sub(r"\s+", " ", text)


def tribute_name_of(value: str) -> str:
    return name_of(value, "tribute_name", N_("Fill in whom you give in memory or in honour of."))


def message_of(value: str) -> str:
    """Read by staff alone, so it may hold anything but what cannot be seen."""
    return text_of(value, LONGEST["message"], lines=True)


_LOCAL = 64  # characters before the @ (RFC 5321)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN_EMAIL = re.compile(
    rf"[a-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@(?:{_LABEL}\.)+[a-z]{{2,24}}", re.IGNORECASE
)


def email_of(value: str) -> str:
    text = text_of(value, LONGEST["email"])
    if not text:
        raise Invalid(N_("Fill in your e-mail address: we send the confirmation there."))
    # Nearly all addresses are plain; the library, slower, decides about the rest.
    if _PLAIN_EMAIL.fullmatch(text) and text.index("@") <= _LOCAL:
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
    if "@" not in text:
        raise Invalid(N_("An e-mail address has an @ in it, for example name@example.org."))
    from email_validator import EmailNotValidError, validate_email

    try:
        if text.rindex("@") > _LOCAL:
            raise EmailNotValidError
        return str(validate_email(text, check_deliverability=False, test_environment=True).normalized)
    except EmailNotValidError:
        raise Invalid(
            N_("This e-mail address is not right. Please look at it again, for example name@example.org.")
        ) from None


def tick(value: str) -> bool:
    if value not in ("", "y", "yes", "on", "1", "true", "off", "0", "no", "false"):
        raise Invalid(N_("Please choose one of the options."))
    return value in ("y", "yes", "on", "1", "true")


def iban_of(value: str) -> str:
    text = text_of(value, LONGEST["iban"])
    if not text:
        raise Invalid(N_("Fill in the IBAN of the account that we may collect from."))
    iban = check_iban(text)
    if iban[:2] not in EEA:
        raise Invalid(N_("With a bank outside the EEA this does not work. Please choose another way to pay."))
    return iban
