"""MT940 of Dutch banks and plain SWIFT, read line by line (DOMAIN.md 2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from app.banking.formats import dutch
from app.banking.formats.facts import (
    Balance,
    Closed,
    Entry,
    Fact,
    Facts,
    Format,
    Opened,
    Transaction,
    Unreadable,
    iban_of,
    looks_like_iban,
    provided,
    to_cents,
)
from app.banking.formats.mt940_tags import BANK, BEGINS, ENDS, tags
from app.base.errors import Invalid
from app.base.iban import check_iban
from app.base.states import N_

_LINE = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4}|\s{4})?(?P<side>R?[CD])(?P<funds>[A-Z](?=\d))?(?P<amount>\d{1,15}(?:,\d{0,2})?|,\d{1,2})"
    r"(?P<type>[A-Z][A-Z0-9 ]{3})(?P<rest>.*)",
    re.DOTALL,
)
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})([\d,.]{1,20})\s*")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z]{4}\d{10}|[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_NAMED_BANKS = {"TRIODOSBANK": "TRIO"}
_DUTCH_NUMBER = re.compile(r"\d{3,10}")
_STRUCTURED = re.compile(r"\d{16}|RF\d{2}[0-9A-Z]{1,21}")
_ACCOUNT_AND_NAME = re.compile(r"P?\d{9,10} {2,}(\S.*)")  # old statements of Rabobank
_KEYWORD_REFERENCES = ("", "EREF", "PREF", "NONREF", "MARF")
_INTERIM = N_(
    "This is an MT942: what the bank knew in the course of a day, without balances. Bring in the MT940 or CAMT.053 of "
    "that day instead."
)
_NEXT_PAGE = N_("This statement goes on on another page, which is not in this file: look whether the file is whole.")
_PAGE_BEFORE = N_("This statement begins on another page, which is not in this file: look whether the file is whole.")
_NO_END = N_(
    "The mark that ends a statement is missing at the end of this file. What is in it adds up; look whether the bank "
    "has more."
)
_RETURNS = ("NRTI", "NSTO")  # storno at SNS, ASN and RegioBank
_CENTURY = 80  # 79 is 2079, 80 is 1980


def read(source: BinaryIO) -> tuple[Format, Facts]:
    """The format and a stream of facts. Raises Unreadable at once, or when the stream reaches the place."""
    return Format.MT940, _Reader(tags(source)).facts()


def _day(text: str, line: int) -> date:
    try:
        year = int(text[:2])
        return date(year + (1900 if year >= _CENTURY else 2000), int(text[2:4]), int(text[4:6]))
    except ValueError:
        # 30 February is how some banks write the end of the month in which interest is counted.
        if text[2:4] == "02" and text[4:6] in ("29", "30"):
            return _day(f"{text[:2]}0228", line)
        raise Unreadable(N_("“%(text)s” is not a date."), line=line, text=text) from None


def _balance(text: str, line: int) -> tuple[Balance, str]:
    found = _BALANCE.fullmatch(text)
    if found is None:
        raise Unreadable(N_("“%(text)s” is not a balance."), line=line, text=text[:40])
    cents = to_cents(found[4].rstrip(",") or "0", line)
    return Balance(cents if found[1] == "C" else -cents, _day(found[2], line)), found[3]


class _Reader:
    """One pass over the tags of a file; an entry is given once its `:86:` is complete."""

    def __init__(self, tagged: Iterator[tuple[str, int, list[str]]]) -> None:
        self._tagged = tagged
        self._opened: Opened | None = None
        self._told = False
        self._entry: Entry | None = None
        self._reference = ""  # the customer's, of :61:
        self._more: list[str] = []  # lines under :61:
        self._info: list[str] | None = None  # lines of :86:
        self._closing: Balance | None = None
        self._begins = self._ends = ""  # the tags of its balances: 60F or 60M, 62F or 62M
        self._page: tuple[Opened, Closed] | None = None  # told so far of a statement that may go on
        self._seen = False
        self._open_end = False  # a message has begun and not ended
        self._marks = False  # statements of this file end with a mark
        self._bank = ""  # the four letters of the bank, where the file says which it is

    def facts(self) -> Iterator[Fact]:
        last = 0
        for tag, number, parts in self._tagged:
            last = number
            if tag == BANK:
                self._bank = parts[0]
            elif tag in (BEGINS, ENDS):
                self._open_end, self._marks = tag == BEGINS, self._marks or tag == ENDS
            else:
                self._open_end = self._open_end or self._marks
                yield from self._take(tag, number, parts)
        yield from self._finish()
        if self._opened is not None and self._closing is None:
            said = N_("This file is cut off: the last statement has no closing balance. Please download it again.")
            raise Unreadable(said, line=last, advice="")
        for fact in (*self._close(last), *self._left()):
            if isinstance(fact, Closed) and self._open_end:
                fact.warning = fact.warning or _NO_END
            yield fact
        if not self._seen:
            raise Unreadable(N_("There is no statement in this file."))

    def _take(self, tag: str, line: int, parts: list[str]) -> Iterator[Fact]:
        text = parts[0]
        if tag == "86" and self._entry is not None:
            self._info = [*(self._info or ()), *parts]
            return
        yield from self._finish()
        if tag == "20" or (tag == "25" and (self._opened is None or self._closing is not None)):
            # ABN AMRO has a kind of statement that begins with the account.
            yield from self._open(text.strip()[:60] if tag == "20" else "", line)
        if tag == "20" or self._opened is None:
            return
        if tag == "25":
            self._opened.account = _account(text, self._bank)
        elif tag in ("34F", "90C", "90D"):
            raise Unreadable(_INTERIM, line=line, advice="")
        elif tag in ("28C", "28"):
            self._opened.number = text.strip()[:20]
        elif tag in ("60F", "60M"):
            balance, currency = _balance(text, line)
            self._opened.opening, self._opened.currency = self._opened.opening or balance, currency
            self._begins = tag
        elif tag == "61":
            yield from self._tell(line)
            self._begin(parts, line)
        elif tag in ("62F", "62M"):
            yield from self._tell(line)
            self._closing, currency = _balance(text, line)
            self._ends = tag
            if currency != self._opened.currency:
                said = N_("An entry is in %(found)s, the account in %(wanted)s.")
                raise Unreadable(said, line=line, found=currency, wanted=self._opened.currency)

    def _open(self, reference: str, line: int) -> Iterator[Fact]:
        if self._opened is not None and self._closing is None:
            said = N_("The statement before this one has no closing balance: the file is damaged.")
            raise Unreadable(said, line=line)
        yield from self._close(line)
        self._opened, self._told, self._closing = Opened("", "", reference, line=line), False, None

    def _tell(self, line: int) -> Iterator[Fact]:
        assert self._opened is not None
        if self._told:
            return
        if not self._opened.account:
            raise Unreadable(N_("This statement does not say which account it is of."), line=line)
        if self._opened.opening is None:
            raise Unreadable(N_("This statement has no opening balance."), line=line)
        self._told = self._seen = True
        follows = self._page is not None and self._follows(*self._page)
        if self._page is not None and follows and _number(self._page[0]) == _number(self._opened):
            self._opened, self._page = self._page[0], None
            return
        yield from self._left(whole=follows)
        self._opened.begins = follows or self._begins != "60M"
        yield self._opened

    def _left(self, *, whole: bool = False) -> Iterator[Fact]:
        """The end of a page that no page of the same statement follows; `whole`: one of another number does."""
        page, self._page = self._page, None
        if page is not None:
            page[1].warning = page[1].warning or ("" if whole else _NEXT_PAGE)
            yield page[1]

    def _follows(self, before: Opened, ended: Closed) -> bool:
        """Whether this begins as a page, with the balance with which the page before ended."""
        assert self._opened is not None
        assert self._opened.opening is not None
        assert ended.closing is not None
        same = before.account == self._opened.account and self._opened.opening.cents == ended.closing.cents
        return same and self._begins == "60M"

    def _close(self, line: int) -> Iterator[Fact]:
        if self._opened is not None:
            yield from self._tell(line)
            closed = Closed(self._closing, line=line, warning="" if self._opened.begins else _PAGE_BEFORE)
            if self._ends == "62M":
                self._page = self._opened, closed
            else:
                yield closed
            self._opened = None

    def _begin(self, parts: list[str], line: int) -> None:
        found = _LINE.fullmatch(parts[0])
        if found is None:
            raise Unreadable(N_("“%(text)s” is not a statement line."), line=line, text=parts[0][:60])
        value_on = _day(found["value"], line)
        cents = to_cents(found["amount"].rstrip(","), line)
        # RC takes a credit back and RD a debit, so money went the other way.
        came_in = found["side"] in ("C", "RD")
        rest, same_line, code = found["rest"].partition("/TRCD/")
        reference, _, bank_reference = rest.partition("//")
        self._entry = Entry(
            _booked_on(found["entry"], value_on, line),
            cents if came_in else -cents,
            value_on=value_on,
            reference=provided(bank_reference.split("\n")[0])[:60],
            bank_code=found["type"],
            is_return=found["side"][0] == "R" or found["type"] in _RETURNS,
            line=line,
            day_guessed=not (found["entry"] or "").strip(),
        )
        self._reference, self._info = reference.strip(), None
        self._more = [*([same_line + code] if same_line else ()), *parts[1:]]

    def _finish(self) -> Iterator[Fact]:
        """The entry whose lines are all read."""
        entry = self._entry
        if entry is None:
            return
        transaction = Transaction(entry.cents)
        taken_back = dutch.read(self._info or [], transaction)
        for each in self._more:
            if each.startswith("/TRCD/"):
                entry.bank_code = each.strip("/ ").partition("/")[2]
        self._refer(transaction, entry.reference)
        entry.batch = transaction.batch
        entry.is_return = entry.is_return or taken_back or bool(transaction.return_reason)
        entry.transactions = [transaction]
        self._entry = self._info = None
        yield entry

    def _refer(self, transaction: Transaction, of_bank: str) -> None:
        """What stands in `:61:` as the customer's reference: one, or the account of the other side."""
        reference = self._reference
        account = next((each.strip() for each in (reference, *self._more) if looks_like_iban(each.strip())), "")
        transaction.iban = transaction.iban or account
        if not transaction.name and account and account == reference and self._more:
            transaction.name = self._more[0].strip()[:140]
        if old := _ACCOUNT_AND_NAME.fullmatch(reference):
            transaction.name = transaction.name or old[1].strip()
        elif _DUTCH_NUMBER.fullmatch(reference) and self._is_account(reference, transaction.iban):
            if _STRUCTURED.fullmatch(of_bank):
                transaction.structured = transaction.structured or of_bank
        elif _STRUCTURED.fullmatch(reference):
            transaction.structured = transaction.structured or reference
        elif reference not in (*_KEYWORD_REFERENCES, account):
            transaction.end_to_end = transaction.end_to_end or provided(reference)[:35]

    def _is_account(self, number: str, iban: str) -> bool:
        """Whether this is the number of the account on the other side: of its IBAN, or what `:86:` begins with."""
        told = self._info[0] if self._info else ""
        return told.startswith(f"{number} ") or (iban.startswith("NL") and iban.endswith(number.zfill(10)))


def _number(opened: Opened) -> str:
    return opened.number.partition("/")[0]


def _booked_on(text: str | None, value_on: date, line: int) -> date:
    """The entry date has no year: the one that brings it nearest to the value date."""
    if text is None or not text.strip():
        return value_on
    near = [_day(f"{year % 100:02d}{text}", line) for year in (value_on.year - 1, value_on.year, value_on.year + 1)]
    return min(near, key=lambda day: abs((day - value_on).days))


def _without_currency(account: str) -> str:
    """IBANs are of different lengths abroad, so that a currency behind one looks like a part of it."""
    try:
        return check_iban(account)
    except Invalid:
        shorter = account[:-3]
    try:
        return check_iban(shorter)
    except Invalid:
        return account


def _account(text: str, bank: str) -> str:
    """The IBAN in `:25:`: `NL69INGB0123456789EUR`, or of a number whose bank the file names: `574908765`,
    `TRIODOSBANK/0390123456`. The bare number where it does not."""
    bare = text.upper().replace(" ", "")
    if found := _IBAN.search(bare):
        return _without_currency(found[0])
    named, _, number = bare.rpartition("/")
    digits = re.sub(r"[^0-9]", "", number)
    bank = _NAMED_BANKS.get(named, bank)
    return iban_of(bank, digits) if bank and _DUTCH_NUMBER.fullmatch(digits) else digits or bare[:34]
