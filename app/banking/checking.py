"""Reading a file: whether all of it can be trusted. Nothing is entered before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BufferedReader

from app.banking.formats import detect
from app.banking.formats.csv_columns import Columns
from app.banking.formats.csv_file import UnknownColumns
from app.banking.formats.facts import ELSEWHERE, Balance, Closed, Entry, Format, Opened, Unreadable
from app.banking.spool import Spool
from app.base.dates import days
from app.base.money import EUR, Money
from app.base.states import N_

MAX_WARNINGS = 50
MAX_AMOUNTS = 50  # of a statement that are kept
NO_BALANCES = N_("This file tells no balances: whether a line is missing cannot be checked.")
SKIPPED = N_(
    "The numbers of the statements in this file skip one, though the balances follow on each other: look at the bank "
    "whether a statement is missing of which the lines come to nothing."
)
A_PAGE = N_(
    "This is one page of a statement: whether its balances are right shows only once the other pages are here too."
)


@dataclass(slots=True)
class Statement:
    account_id: int
    account: str
    reference: str
    number: str
    opening: Balance | None
    closing: Balance | None = None
    entries: int = 0
    first_on: date | None = None
    last_on: date | None = None
    cents: int = 0
    cubes: int = 0  # the sum of the amounts to the third power: with count and sum it tells one set of amounts
    amounts: Counter[int] | None = field(default_factory=Counter)  # None where it has many
    said: int = 0  # stands for all that its entries say, in this process

    @property
    def from_on(self) -> date | None:
        return self.first_on or (self.opening.on if self.opening else None)

    @property
    def to_on(self) -> date | None:
        return self.closing.on if self.closing else self.last_on


@dataclass(slots=True)
class Checked:
    """What a file holds. `error` is the first thing that keeps it out."""

    format: Format | None = None
    statements: list[Statement] = field(default_factory=list)
    entries: int = 0
    transactions: int = 0
    warnings: list[tuple[int | None, str]] = field(default_factory=list)
    error: Unreadable | None = None
    balances_ok: bool = True
    spool: Spool = field(default_factory=Spool)

    @property
    def accounts(self) -> list[str]:
        return list(dict.fromkeys(statement.account for statement in self.statements))

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day of its entries; there is one at least."""
        firsts = [each.first_on for each in self.statements if each.first_on]
        return min(firsts), max(each.last_on for each in self.statements if each.last_on)


def check(
    source: BufferedReader,
    account_of: Callable[[Opened], tuple[int, str]],
    today: date,
    columns: Sequence[Columns] = (),
) -> Checked:
    """Read all of a file. `account_of` gives id and IBAN of an account, or raises Unreadable; `columns` are what is
    known of CSV files."""
    found = Checked()
    try:
        found.format, facts = detect.read(source, columns)
        for fact in facts:
            match fact:
                case Entry():
                    _count(found, fact, today)
                case Opened():
                    if fact.currency and fact.currency != EUR:
                        said = N_("This statement is in %(currency)s; Draagvlak keeps accounts in euros.")
                        raise Unreadable(said, line=fact.line, advice=ELSEWHERE, currency=fact.currency[:3])
                    account_id, iban = account_of(fact)
                    statement = Statement(account_id, iban, fact.reference, fact.number, fact.opening)
                    found.statements.append(statement)
                case Closed():
                    _close(found, fact)
        if _skips_a_number(found.statements):
            found.warnings.append((None, SKIPPED))
    except Unreadable as error:
        found.error = error
        if isinstance(error, UnknownColumns):
            found.format = Format.CSV
    return found


def _count(found: Checked, entry: Entry, today: date) -> None:
    statement = found.statements[-1]
    if not date(1990, 1, 1) <= entry.booked_on <= today + days(366):
        said = N_("An entry is booked on %(day)s: that cannot be right.")
        raise Unreadable(said, line=entry.line, day=entry.booked_on)
    found.spool.add(len(found.statements) - 1, entry)
    statement.entries += 1
    statement.cents += entry.cents
    statement.cubes += entry.cents**3
    if statement.amounts is not None:
        statement.amounts[entry.cents] += 1
        if statement.entries > MAX_AMOUNTS:
            statement.amounts = None
    first = entry.transactions[0]
    told = (entry.booked_on, entry.cents, entry.reference, first.end_to_end, first.iban, first.name, first.text)
    statement.said = hash((statement.said, told))
    statement.first_on = min(statement.first_on or entry.booked_on, entry.booked_on)
    statement.last_on = max(statement.last_on or entry.booked_on, entry.booked_on)
    found.entries += 1
    found.transactions += len(entry.transactions)
    if entry.warning and len(found.warnings) < MAX_WARNINGS:
        found.warnings.append((entry.line, entry.warning))


def _skips_a_number(statements: Sequence[Statement]) -> bool:
    """Whether numbers that go up by one do not once, where neither a balance nor the days explain it: some banks number
    days."""
    steps: dict[int, list[tuple[int, bool]]] = {}
    last: dict[int, Statement] = {}
    for each in statements:
        before = last.get(each.account_id)
        last[each.account_id] = each
        if before is None or not before.closing or not each.opening or not each.closing:
            continue
        if before.closing.cents == each.opening.cents and (step := _number(each) - _number(before)) > 0:
            explained = step == (each.closing.on - before.closing.on).days
            steps.setdefault(each.account_id, []).append((step, explained))
    return any(
        any(step == 1 for step, _ in told) and any(step > 1 and not explained for step, explained in told)
        for told in steps.values()
    )


def _number(statement: Statement) -> int:
    bare = statement.number.partition("/")[0].strip()
    return int(bare) if bare.isascii() and bare.isdigit() else 0


def _close(found: Checked, fact: Closed) -> None:
    statement = found.statements[-1]
    statement.opening = statement.opening or fact.opening
    statement.closing = fact.closing
    if fact.warning:
        found.warnings.append((fact.line, fact.warning))
    assert found.format is not None
    if not (fact.begins and fact.ends) and _add_page(statement, fact):
        found.warnings.append((fact.line, A_PAGE))
        return
    if statement.opening is None or statement.closing is None:
        if found.format is Format.CSV:
            found.warnings.append((fact.line, NO_BALANCES))
        elif found.format.is_statement:
            found.balances_ok = False
            raise Unreadable(N_("This statement has no opening or no closing balance."), line=fact.line)
        return
    counted = statement.opening.cents + statement.cents
    if counted != statement.closing.cents and found.format.is_statement:
        found.balances_ok = False
        said = N_(
            "This statement does not add up: the opening balance and the entries make %(counted)s, "
            "the closing balance says %(closing)s. Please download it from the bank again."
        )
        raise Unreadable(
            said, line=fact.line, advice="", counted=Money(counted), closing=Money(statement.closing.cents)
        )


def _add_page(statement: Statement, fact: Closed) -> bool:
    """Of a page whose own balances do not tell: count the balance at which the next page must begin, or the one before
    must end, so that a page that never comes is seen. False where its balances add up."""
    opening, closing = statement.opening, statement.closing
    if opening and closing and opening.cents + statement.cents == closing.cents:
        return False
    opening, closing = opening if fact.begins else None, closing if fact.ends else None
    if opening and not closing:
        closing = Balance(opening.cents + statement.cents, statement.last_on or opening.on)
    elif closing and not opening:
        opening = Balance(closing.cents - statement.cents, statement.first_on or closing.on)
    statement.opening, statement.closing = opening, closing
    return True
