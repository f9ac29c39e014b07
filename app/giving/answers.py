"""What a donor typed, checked by hand.

This is the one form that must be fast and needs no session, so it does not stand on the form
library (measured: docs/benchmarks.md). Everything typed is kept as it was, wrong or right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from app.base.errors import DomainError, Invalid
from app.base.money import Money, parse_money
from app.base.states import N_
from app.ui.forms import bad_character, strip

MIN_CENTS = 100  # € 1: below it a payment costs more than it brings
MAX_CENTS = 5_000_000  # € 50,000: whoever wants to give more is better served by a person
PRESETS_CENTS = (1_000, 2_500, 5_000, 10_000, 25_000)
CHOSEN_CENTS = 2_500  # the tile that is chosen when the page opens
OTHER = "other"
ONCE = "once"
FREQUENCIES = (ONCE, "monthly", "quarterly", "yearly")
NOWHERE = ""  # `programme`: where the money is needed most

PERSON, ORGANISATION = "person", "organisation"
KINDS = (PERSON, ORGANISATION)
TRIBUTES = ("", "memory", "honour")

FIELDS = (
    "frequency", "amount", "other_amount", "programme", "kind", "organisation", "first_name", "infix", "last_name",
    "email", "tribute", "tribute_name", "message", "newsletter", "method", "costs",
)  # fmt: skip
_LONGEST = {
    "organisation": 120, "first_name": 60, "infix": 20, "last_name": 80, "email": 254, "other_amount": 40,
    "tribute_name": 80, "message": 500,
}  # fmt: skip
_KEPT = 300  # characters of a typed value that are shown again
_KEPT_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class Gift:
    """A donor's answers, all of them good. `amount_cents` is all that is paid, `covered_cents` of it for the
    costs of paying."""

    amount_cents: int
    programme: str
    first_name: str
    infix: str
    last_name: str
    email: str
    newsletter: bool
    method: str
    frequency: str = ONCE
    organisation: str = ""
    message: str = ""
    tribute: str = ""
    tribute_name: str = ""
    covered_cents: int = 0

    @property
    def recurs(self) -> bool:
        return self.frequency != ONCE


@dataclass(slots=True)
class Answers:
    """Everything typed, what is wrong with it by field (message, parameters), and the gift if nothing is."""

    typed: dict[str, str]
    errors: dict[str, DomainError] = field(default_factory=dict)
    gift: Gift | None = None


def blank(method: str = "", presets: Sequence[int] = PRESETS_CENTS) -> dict[str, str]:
    """What the form shows when it opens: once, and the amount most like the usual one."""
    chosen = CHOSEN_CENTS if CHOSEN_CENTS in presets else presets[(len(presets) - 1) // 2]
    return dict.fromkeys(FIELDS, "") | {
        "frequency": ONCE, "amount": tile_of(chosen), "programme": NOWHERE, "method": method, "kind": PERSON,
    }  # fmt: skip


def tile_of(cents: int) -> str:
    """What the tile of this amount sends: `25`, or `12.50`."""
    return str(cents // 100) if cents % 100 == 0 else f"{cents // 100}.{cents % 100:02d}"


def read(
    form: Mapping[str, str],
    methods: Collection[str],
    programmes: Collection[str],
    recurring: Collection[str] = (),
    presets: Sequence[int] = PRESETS_CENTS,
    costs_cents: int = 0,
) -> Answers:
    """Check a posted form. `methods`, `programmes` (slugs) and `presets` are what the page offers now; with
    the methods of `recurring` one may give again and again; `costs_cents` is what paying costs us, 0 where
    the page does not ask for it."""
    raw = {name: form.get(name, "") for name in FIELDS}
    answers = Answers({name: _shown_again(name, value) for name, value in raw.items()})
    errors = answers.errors

    def taking(name: str, check: Callable[[str], str | bool | int]) -> str | bool | int:
        try:
            return check(raw[name])
        except DomainError as error:
            errors[error.field or name] = error
            return ""

    frequency = str(taking("frequency", lambda text: _frequency(text, recurring)))
    cents = taking("amount", lambda text: _amount(text, raw["other_amount"], presets))
    programme = taking("programme", lambda slug: _one_of(slug, {NOWHERE, *programmes}))
    kind = taking("kind", lambda text: _one_of(text or PERSON, KINDS))
    organisation = taking("organisation", _organisation) if kind == ORGANISATION else ""
    first_name = taking(
        "first_name", lambda text: _name(text, "first_name", N_("Fill in your first name or initials."))
    )
    infix = taking("infix", lambda text: _name(text, "infix", ""))
    last_name = taking("last_name", lambda text: _name(text, "last_name", N_("Fill in your last name.")))
    email = taking("email", _email)
    tribute = taking("tribute", lambda text: _one_of(text, TRIBUTES))
    tribute_name = taking("tribute_name", _tribute_name) if tribute else ""
    message = taking("message", _message)
    newsletter = taking("newsletter", _tick)
    covered = costs_cents if taking("costs", _tick) else 0
    method = taking("method", lambda name: _method(name, methods, recurring if frequency not in ("", ONCE) else None))
    if not errors:
        answers.gift = Gift(
            int(cents) + covered, str(programme), str(first_name), str(infix), str(last_name), str(email),
            bool(newsletter), str(method), frequency, str(organisation), str(message), str(tribute), str(tribute_name),
            covered,
        )  # fmt: skip
    return answers


def _shown_again(name: str, value: str) -> str:
    """What was typed, for the field again: without what no field can show, and not without end."""
    lines = name == "message"
    kept = value[: _KEPT_MESSAGE if lines else _KEPT]
    if kept.isascii() and kept.isprintable():
        return kept
    return "".join(c for c in kept if (lines and c in "\r\n") or bad_character(c, lines=lines) is None)


def _text(value: str, longest: int, *, lines: bool = False) -> str:
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


def _frequency(value: str, recurring: Collection[str]) -> str:
    # Left out means once: nobody gives again and again without having said so.
    if value not in ("", *(FREQUENCIES if recurring else (ONCE,))):
        raise Invalid(N_("Please choose one of the options."))
    return value or ONCE


def _amount(chosen: str, other: str, presets: Sequence[int]) -> int:
    """Cents of the tile that was chosen, or of what was typed under "other amount"."""
    typed = _checked_amount_text(other)
    tile = next((cents for cents in presets if chosen == tile_of(cents)), None)
    if chosen in (OTHER, ""):
        if not chosen and not typed:
            raise Invalid(N_("Choose an amount, or fill in an amount of your own."))
        return _within(_parsed(typed))
    # A tile, or an amount that some other page put in the field: read as strictly as a typed one.
    try:
        cents = tile if tile is not None else parse_money(_checked_amount_text(chosen)).cents
    except Invalid as error:
        error.field = "amount"
        raise
    if typed and _parsed(typed).cents != cents:
        raise Invalid(
            N_("You chose %(chosen)s and also typed %(typed)s. Which of the two do you want to give?"),
            chosen=Money(cents), typed=_parsed(typed),
        )  # fmt: skip
    return _within(Money(cents)) if tile is None else cents


def _checked_amount_text(value: str) -> str:
    try:
        return _text(value, _LONGEST["other_amount"])
    except Invalid as error:
        error.field = "other_amount"
        raise


def _parsed(text: str) -> Money:
    try:
        return parse_money(text)
    except Invalid as error:
        error.field = "other_amount"
        raise


def _within(amount: Money) -> int:
    if amount.cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="other_amount")
    if amount.cents < MIN_CENTS:
        raise Invalid(N_("You can give from %(least)s."), field="other_amount", least=Money(MIN_CENTS))
    if amount.cents > MAX_CENTS:
        raise Invalid(
            N_("Here you can give up to %(most)s at a time. Please contact us for a larger gift."),
            field="other_amount", most=Money(MAX_CENTS),
        )  # fmt: skip
    return amount.cents


def _one_of(value: str, allowed: Collection[str]) -> str:
    if value not in allowed:
        raise Invalid(N_("Please choose one of the options."))
    return value


# What mail programs make a link of by themselves: two or more letters, a dot and a domain's end.
_ADDRESS = re.compile(
    r"://|www\.|[^\W_]\.[^\W_]{2,24}/|[\w-]{2,}\.(?:com|net|org|info|biz|nl|be|de|eu|fr|uk|io|co|me|ly|gg|ru|cn|tk|top|xyz"
    r"|shop|site|store|online|website|app|dev|link|click|live|life|club|vip|win|bet|page|space|world|today|news)\b",
    re.IGNORECASE,
)


def _name(value: str, name: str, when_empty: str) -> str:
    text = _text(value, _LONGEST[name])
    if not text:
        if when_empty:
            raise Invalid(when_empty)
        return ""
    # Names go into mails: an address in one would make our mail carry a stranger's advertisement.
    if _ADDRESS.search(text) or any(c in text for c in "<>@{}[]") or not any(c.isalpha() for c in text):
        raise Invalid(N_("Use letters: this is how we will address you."))
    return re.sub(r"\s+", " ", text)


def _organisation(value: str) -> str:
    text = _text(value, _LONGEST["organisation"])
    if not text:
        raise Invalid(N_("Fill in the name of your organisation."))
    # A firm may be called after its address on the web (bol.com), but a link or a mailbox is no name.
    if "://" in text or "/" in text or any(c in text for c in "<>@{}[]") or not any(c.isalnum() for c in text):
        raise Invalid(N_("Fill in the name of your organisation, not an address."))
    return re.sub(r"\s+", " ", text)


def _tribute_name(value: str) -> str:
    return _name(value, "tribute_name", N_("Fill in whom you give in memory or in honour of."))


def _message(value: str) -> str:
    """Read by staff alone, so it may hold anything but what cannot be seen."""
    return _text(value, _LONGEST["message"], lines=True)


_LOCAL = 64  # characters before the @ (RFC 5321)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN_EMAIL = re.compile(
    rf"[a-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@(?:{_LABEL}\.)+[a-z]{{2,24}}", re.IGNORECASE
)


def _email(value: str) -> str:
    text = _text(value, _LONGEST["email"])
    if not text:
        raise Invalid(N_("Fill in your e-mail address: we send the confirmation there."))
    # Nearly all addresses are plain; the library, slower, decides about the rest.
    if _PLAIN_EMAIL.fullmatch(text) and text.index("@") <= _LOCAL:
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
    if "@" not in text:
        raise Invalid(N_("An e-mail address has an @ in it, for example naam@voorbeeld.nl."))
    from email_validator import EmailNotValidError, validate_email

    try:
        if text.rindex("@") > _LOCAL:
            raise EmailNotValidError
        return str(validate_email(text, check_deliverability=False, test_environment=True).normalized)
    except EmailNotValidError:
        raise Invalid(
            N_("This e-mail address is not right. Please look at it again, for example naam@voorbeeld.nl.")
        ) from None


def _tick(value: str) -> bool:
    if value not in ("", "y", "yes", "on", "1", "true", "off", "0", "no", "false"):
        raise Invalid(N_("Please choose one of the options."))
    return value in ("y", "yes", "on", "1", "true")


def _method(value: str, methods: Collection[str], recurring: Collection[str] | None) -> str:
    if not value:
        raise Invalid(N_("Choose how you want to pay."))
    if value not in methods:
        raise Invalid(N_("This way to pay is not available now. Please choose another."))
    if recurring is not None and value not in recurring:
        raise Invalid(N_("This way to pay does for a single gift only. For a recurring gift, please choose another."))
    return value
