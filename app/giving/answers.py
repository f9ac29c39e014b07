"""What a donor typed, checked by hand.

This is the one form that must be fast and needs no session, so it does not stand on the form
library (measured: docs/benchmarks.md). Everything typed is kept as it was, wrong or right.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.base.errors import DomainError, Invalid
from app.base.money import Money, parse_money
from app.base.states import N_
from app.direct_debit.mandates import clean_holder
from app.giving.typed import (
    LONGEST,
    email_of,
    iban_of,
    message_of,
    name_of,
    organisation_of,
    text_of,
    tick,
    tribute_name_of,
)
from app.ui.forms import bad_character

MIN_CENTS = 100  # € 1: below it a payment costs more than it brings
MAX_CENTS = 5_000_000  # € 50,000: whoever wants to give more is better served by a person
PRESETS_CENTS = (1_000, 2_500, 5_000, 10_000, 25_000)
CHOSEN_CENTS = 2_500  # the tile that is chosen when the page opens
OTHER = "other"
ONCE = "once"
FREQUENCIES = (ONCE, "monthly", "quarterly", "yearly")
DIRECT_DEBIT = "direct_debit"  # by a mandate of our own: for recurring gifts alone
DAYS = tuple(map(str, (*range(1, 29), 31)))  # of the month, to collect on; 31 is the last one of any
NOWHERE = ""  # `programme`: where the money is needed most

_NO_FIRST_NAME = N_("Fill in your first name or initials. If you have one name only, put a dash here.")
_NO_LAST_NAME = N_("Fill in your last name. If you have one name only, put a dash here.")

PERSON, ORGANISATION = "person", "organisation"
KINDS = (PERSON, ORGANISATION)
TRIBUTES = ("", "memory", "honour")

FIELDS = (
    "frequency", "amount", "other_amount", "programme", "kind", "organisation", "first_name", "infix", "last_name",
    "email", "tribute", "tribute_name", "message", "newsletter", "method", "day", "iban", "holder", "mandate",
    "costs",
)  # fmt: skip
_KEPT = 300  # characters of a typed value that are shown again
_KEPT_MESSAGE = 2000


class Bounds(Protocol):
    def __call__(self, name: str, cents: int, *, recurs: bool) -> None: ...


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
    iban: str = ""
    holder: str = ""
    day: int | None = None  # of the month, for a recurring gift; None: as it began

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
    bounds: Bounds | None = None,
) -> Answers:
    """Check a posted form. `methods`, `programmes` (slugs) and `presets` are what the page offers now; with
    the methods of `recurring` one may give again and again; `costs_cents` is what paying costs us, 0 where
    the page does not ask for it; `bounds` refuses amounts that a way to pay does not take."""
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
    organisation = taking("organisation", organisation_of) if kind == ORGANISATION else ""
    first_name = taking("first_name", lambda text: name_of(text, "first_name", _NO_FIRST_NAME))
    infix = taking("infix", lambda text: name_of(text, "infix", ""))
    last_name = taking("last_name", lambda text: name_of(text, "last_name", _NO_LAST_NAME))
    if not (first_name or last_name or errors.keys() & {"first_name", "last_name"}):
        errors["last_name"] = Invalid(_NO_LAST_NAME)
    email = taking("email", email_of)
    tribute = taking("tribute", lambda text: _one_of(text, TRIBUTES))
    tribute_name = taking("tribute_name", tribute_name_of) if tribute else ""
    message = taking("message", message_of)
    newsletter = taking("newsletter", tick)
    covered = costs_cents if taking("costs", tick) else 0
    method = taking("method", lambda name: _method(name, methods, recurring if frequency not in ("", ONCE) else None))
    day = str(taking("day", lambda text: _one_of(text, {"", *DAYS}))) if frequency not in ("", ONCE) else ""
    iban = holder = ""
    if method == DIRECT_DEBIT:
        own = " ".join(str(part) for part in (first_name, infix, last_name) if part)
        iban = str(taking("iban", iban_of))
        holder = str(taking("holder", lambda text: clean_holder(text_of(text, 70) or str(organisation) or own)))
        taking("mandate", _agreed)
    if bounds is not None and cents and method:
        total, recurs = int(cents) + covered, frequency not in ("", ONCE)
        taking("method", lambda name: bounds(name, total, recurs=recurs) or name)
    if not errors:
        answers.gift = Gift(
            int(cents) + covered, str(programme), str(first_name), str(infix), str(last_name), str(email),
            bool(newsletter), str(method), frequency, str(organisation), str(message), str(tribute), str(tribute_name),
            covered, iban, holder, int(day) if day else None,
        )  # fmt: skip
    return answers


def _shown_again(name: str, value: str) -> str:
    """What was typed, for the field again: without what no field can show, and not without end."""
    lines = name == "message"
    kept = value[: _KEPT_MESSAGE if lines else _KEPT]
    if kept.isascii() and kept.isprintable():
        return kept
    return "".join(c for c in kept if (lines and c in "\r\n") or bad_character(c, lines=lines) is None)


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
        return text_of(value, LONGEST["other_amount"])
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


def _method(value: str, methods: Collection[str], recurring: Collection[str] | None) -> str:
    if not value:
        raise Invalid(N_("Choose how you want to pay."))
    if value not in methods:
        raise Invalid(N_("This way to pay is not available now. Please choose another."))
    if recurring is None and value == DIRECT_DEBIT:
        raise Invalid(N_("Direct debit is for a recurring gift. Choose how often, or another way to pay."))
    if recurring is not None and value not in recurring:
        raise Invalid(N_("This way to pay does for a single gift only. For a recurring gift, please choose another."))
    return value


def _agreed(value: str) -> bool:
    if not tick(value):
        raise Invalid(N_("Without this permission we may not collect anything. Tick it, or choose another way to pay."))
    return True
