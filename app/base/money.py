"""Money as a value: integer cents with a currency. Floats and mixed currencies are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import total_ordering

from app.base.errors import Invalid
from app.base.states import N_

EUR = "EUR"
MAX_CENTS = 99_999_999_999  # EPC069-12: at most 999999999.99


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in integer cents."""

    cents: int
    currency: str = EUR

    def __post_init__(self) -> None:
        if type(self.cents) is not int:
            raise TypeError(f"cents must be an int, not {type(self.cents).__name__}")

    def _same(self, other: Money) -> int:
        if not isinstance(other, Money):
            raise TypeError("money mixes with money only")
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.cents

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.cents < self._same(other)

    def __bool__(self) -> bool:
        return self.cents != 0

    def __mul__(self, times: int) -> Money:
        if type(times) is not int:
            raise TypeError("multiply money by whole numbers; use split() or share() for parts")
        return Money(self.cents * times, self.currency)

    def split(self, weights: Iterable[int]) -> list[Money]:
        """Divide by integer weights so that the parts add up to the whole (largest remainders first)."""
        weights = list(weights)
        total = sum(weights)
        if total <= 0 or any(w < 0 for w in weights):
            raise ValueError("weights must be non-negative and not all zero")
        if len(weights) == 1:
            return [self]
        sign, whole = (-1, -self.cents) if self.cents < 0 else (1, self.cents)
        parts = [whole * w // total for w in weights]
        rest = whole - sum(parts)
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
        for i in by_remainder[:rest]:
            parts[i] += 1
        return [Money(sign * p, self.currency) for p in parts]

    @property
    def value(self) -> str:
        """The provider's spelling: `12.50`."""
        sign = "-" if self.cents < 0 else ""
        return f"{sign}{abs(self.cents) // 100}.{abs(self.cents) % 100:02d}"

    @classmethod
    def from_value(cls, value: str, currency: str = EUR) -> Money:
        """From a provider's or bank's strict `12.50`. Raises ValueError on anything else."""
        if not re.fullmatch(r"-?\d{1,12}\.\d{2}", value):
            raise ValueError(f"not an amount with two decimals: {value!r}")
        return cls(int(Decimal(value) * 100), currency)

    def __str__(self) -> str:
        return f"{self.currency} {self.value}"


ZERO = Money(0)

_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_GAP = re.compile(r"\d\s+[\d.,]|[.,]\s+\d")
_SPACED_WHOLE = re.compile(r"[^\d.,]*\d{1,3}(?:\s\d{3})+(?:[.,]\d{1,2}|,-{1,2})?[^\d.,]*")
_CURRENCY = re.compile(r"^(?:€|eur(?:os?)?)|(?:€|eur(?:os?)?)$", re.IGNORECASE)
_PLAIN = re.compile(r"\d+")
_DECIMAL = re.compile(r"(\d+)[.,](\d{1,2})")
_DUTCH = re.compile(r"(\d{1,3}(?:\.\d{3})+),(\d{2})")
_ENGLISH = re.compile(r"(\d{1,3}(?:,\d{3})+)\.(\d{2})")
_DUTCH_WHOLE = re.compile(r"\d{1,3}(?:\.\d{3}){2,}|\d{1,3}(?:\.\d{3})+,-")
_ENGLISH_WHOLE = re.compile(r"\d{1,3}(?:,\d{3}){2,}")
_HYPHEN = re.compile(r"\d+[.,]-{1,2}")
_AMBIGUOUS = re.compile(r"\d{1,3}[.,]\d{3}")


def thousands_mark(language: str) -> str:
    """What groups thousands where this language writes amounts (`format_money`)."""
    return "." if language == "nl" else ","


def parse_money(text: str, *, thousands: str = "") -> Money:
    """What a person typed, strictly: `25`, `25,50`, `25.50`, `1.234,56`, `1,234.56`, `€ 25`, `25 euro`, `25,-`.

    `1.234` and `1,234` alone are refused as ambiguous, unless `thousands` says which mark groups thousands on this
    page: an amount has no third decimal. Donors and files never say so; who types sees at once what was read.
    A space groups thousands and nothing else. No sign, no exponent, no digits of other scripts.
    Raises Invalid with a message for beside the field.
    """
    if not text or not text.strip():
        raise Invalid(N_("Fill in an amount, for example 25 or 12.50."))
    if _GAP.search(text) and not _SPACED_WHOLE.fullmatch(text):
        # A forgotten comma: "25 50" must not become 2550.
        raise Invalid(N_("This is not an amount. Write it in figures, for example 25 or 12.50."))
    bare = _SPACES.sub("", text)
    bare = _CURRENCY.sub("", bare)
    if bare.startswith("-"):
        raise Invalid(N_("Write the amount without a minus sign."))
    if not bare.isascii():
        raise Invalid(N_("This is not an amount. Write it in figures, for example 25 or 12.50."))
    if _AMBIGUOUS.fullmatch(bare) and not (thousands == bare[-4] and bare[0] != "0"):
        whole = bare[:-4]
        raise Invalid(
            N_("It is not clear what %(text)s means. Write %(whole)s%(rest)s or %(decimal)s."),
            text=bare, whole=whole, rest=bare[-3:], decimal=f"{whole},{bare[-3:-1]}",
        )  # fmt: skip
    if _PLAIN.fullmatch(bare):
        euros, cents = bare, "00"
    elif match := _DECIMAL.fullmatch(bare) or _DUTCH.fullmatch(bare) or _ENGLISH.fullmatch(bare):
        euros, cents = re.sub(r"[.,]", "", match[1]), match[2].ljust(2, "0")
    elif any(shape.fullmatch(bare) for shape in (_AMBIGUOUS, _DUTCH_WHOLE, _ENGLISH_WHOLE, _HYPHEN)):
        euros, cents = re.sub(r"[^\d]", "", bare), "00"
    else:
        raise Invalid(N_("This is not an amount. Write it in figures, for example 25 or 12.50."))
    if len(euros.lstrip("0")) > 9:
        raise Invalid(N_("This amount is too large to handle here."))
    return Money(int(euros) * 100 + int(cents))


def format_money(cents: int, language: str = "nl", *, sign: bool = True) -> str:
    """`€ 1.234,56` in Dutch, `€1,234.56` in English; the space does not break."""
    euros, rest = divmod(abs(cents), 100)
    if language == "nl":
        text = f"{euros:,}".replace(",", ".") + f",{rest:02d}"
        mark = "€\u00a0" if sign else ""
    else:
        text = f"{euros:,}.{rest:02d}"
        mark = "€" if sign else ""
    return ("-" if cents < 0 else "") + mark + text if language != "nl" else mark + ("-" if cents < 0 else "") + text
