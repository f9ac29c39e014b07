"""What a bank file says, whatever its format: accounts, balances, entries and their transactions.

A reader gives, one after another: an `Opened` for each statement, its `Entry`s, and a `Closed`.
Amounts are signed integer cents, positive where money came in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from app.base.errors import DomainError
from app.base.states import N_

MAX_CENTS = 99_999_999_999_999  # 999,999,999,999.99: more is a damaged file


class Format(StrEnum):
    CAMT053 = "camt.053"
    CAMT052 = "camt.052"
    CAMT054 = "camt.054"
    MT940 = "mt940"
    CSV = "csv"

    @property
    def is_statement(self) -> bool:
        """Statements count; intraday reports and notifications say what a statement will say again."""
        return self not in (Format.CAMT052, Format.CAMT054)


AGAIN = N_("Please download it from the bank again; if it says the same then, ask the bank.")
ELSEWHERE = N_("Leave that account to the accounting package.")


class Unreadable(DomainError):
    """A bank file, or a place in it, that cannot be trusted: nothing of the file is entered.

    `line` is the line of the file, from 1, where known; `advice` is what to do, where the message does not say it.
    """

    def __init__(self, message: str, *, line: int | None = None, advice: str = AGAIN, **params: object) -> None:
        super().__init__(message, field=None, **params)
        self.line = line
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Balance:
    cents: int
    on: date


@dataclass(slots=True)
class Opened:
    """A statement begins. `account` is an IBAN, or the bank's own number where the file says no more."""

    account: str
    currency: str
    reference: str = ""
    number: str = ""
    opening: Balance | None = None
    line: int | None = None
    goes_on: bool = False  # on another page, told as if it were a statement of its own
    begins: bool = True  # not on a page before this file
    ends: bool = True  # not on a page after this file


@dataclass(slots=True)
class Transaction:
    """One payment inside an entry; an entry without details has one made of what it says itself."""

    cents: int
    end_to_end: str = ""
    mandate: str = ""
    creditor_id: str = ""
    batch: str = ""  # PmtInfId of our collection batch
    structured: str = ""  # RF reference or betalingskenmerk
    name: str = ""
    iban: str = ""
    bic: str = ""
    text: str = ""
    return_reason: str = ""
    ultimate: str = ""  # the name of who really gave or was paid, where the other side pays or collects for somebody


@dataclass(slots=True)
class Entry:
    """One line of the statement. The sum of `transactions` equals `cents`."""

    booked_on: date
    cents: int
    value_on: date | None = None
    reference: str = ""  # the bank's reference of the entry; neither its place nor a daily counter
    code: str = ""  # ISO domain code such as PMNT-RCDT-ESCT
    bank_code: str = ""  # the bank's own code
    is_return: bool = False
    batch: str = ""
    transactions: list[Transaction] = field(default_factory=list)
    line: int | None = None
    warning: str = ""
    day_guessed: bool = False  # the file tells the value day only


@dataclass(slots=True)
class Closed:
    """The statement ends."""

    closing: Balance | None
    opening: Balance | None = None  # where a format tells it after the entries
    line: int | None = None
    begins: bool = True  # False: its first entries and its opening balance are on another page, in another file
    ends: bool = True  # False: the last ones are
    warning: str = ""


Fact = Opened | Entry | Closed
Facts = Iterator[Fact]

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_CREDITOR_AND_MANDATE = re.compile(r"([A-Z]{2}\d{2}[A-Z0-9]{3}\d{8,28})-(.+)")


def looks_like_iban(text: str) -> bool:
    return _IBAN.fullmatch(text) is not None


def iban_of(bank: str, number: str) -> str:
    """The IBAN of a Dutch account number: the bank's four letters, ten digits, check digits by ISO 13616."""
    body = f"{bank}{number.zfill(10)}"
    rest = int("".join(str(int(c, 36)) for c in f"{body}NL00")) % 97
    return f"NL{98 - rest:02d}{body}"


def split_mandate(text: str) -> tuple[str, str]:
    """(creditor id, mandate): some senders put the two together (DOMAIN.md 2.1)."""
    together = _CREDITOR_AND_MANDATE.fullmatch(text)
    return (together[1], together[2]) if together else ("", text)


def provided(text: str) -> str:
    """A reference, or nothing where the bank says there is none."""
    bare = text.strip()
    return "" if bare.upper() in ("NOTPROVIDED", "NONREF", "NOTPROVIDED.") else bare


def to_cents(text: str, line: int | None) -> int:
    """`25`, `25.5`, `25,50` or `,50` as cents. Raises Unreadable: signs, exponents and fractions of cents are not
    money."""
    whole, _, fraction = text.strip().replace(",", ".").partition(".")
    fraction = fraction.rstrip("0") if len(fraction) > 2 else fraction
    whole = whole or ("0" if fraction else "")
    plain = whole.isascii() and whole.isdigit() and fraction.isascii() and (not fraction or fraction.isdigit())
    if not plain or len(fraction) > 2 or len(whole) > 20:
        raise Unreadable(N_("“%(text)s” is not an amount."), line=line, text=text[:40])
    cents = int(whole) * 100 + int(fraction.ljust(2, "0") or 0)
    if cents > MAX_CENTS:
        raise Unreadable(N_("“%(text)s” is not an amount."), line=line, text=text[:40])
    return cents
