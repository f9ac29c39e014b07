"""A sheet of the accounting package: which column is what, and what each row says of which month.

Either a row for each booking or month (a column with the month or date, one with the amount or two with debit and
credit), or a row for each account and a column for each month of a year.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from app.base.dates import month_name, month_start, short_month
from app.base.errors import DomainError, Invalid
from app.base.states import N_
from app.finance.figures.models import FigureKind, RuleOn, Signs
from app.finance.figures.services import Amount
from app.ledger.rj import COST_LINES, RjLine
from app.sheets.amounts import cents_of
from app.sheets.reading import Cell, Row
from app.ui.fields import parse_date

# Field → its label, and headings it goes by.
FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "month": (N_("Month or date"), ("maand", "periode", "datum", "boekdatum", "month", "period", "date")),
    "amount": (N_("Amount"), ("bedrag", "saldo", "amount", "balance", "begroot", "budget", "bedrag eur")),
    "debit": (N_("Debit"), ("debet", "debit")),
    "credit": (N_("Credit"), ("credit",)),
    "account": (N_("Ledger account"), ("rekening", "grootboek", "grootboekrekening", "account", "code", "gb")),
    "centre": (N_("Cost centre"), ("kostenplaats", "kostendrager", "cost centre", "cost center", "project")),
}
HEADER_LOOK = 15
SHOWN = 100  # wrong rows that are told
MOST_ROWS = 50_000
_MONTHS = {
    name.lower(): number
    for number in range(1, 13)
    for language in ("nl", "en")
    for name in (month_name(number, language), short_month(number, language).rstrip("."))
}


@dataclass(slots=True)
class Problem(Exception):  # noqa: N818 (said to people, not raised at programmers)
    """What is wrong in a row of the file, and in which field."""

    row: int
    field: str
    message: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    rj_line: RjLine | None = None
    programme_id: int | None = None
    left_out: bool = False


Rules = Mapping[tuple[RuleOn, str], Rule]


@dataclass
class Reading:
    """What a sheet comes to. `total_cents` is the sum of its amounts as written (debit less credit) and what the
    control total must say; `accounts` and `centres` are what each comes to, by code."""

    rows: int = 0
    total_cents: int = 0
    left_out_cents: int = 0
    amounts: list[Amount] = field(default_factory=list)
    wrong: int = 0
    problems: list[Problem] = field(default_factory=list)
    accounts: dict[str, int] = field(default_factory=dict)
    centres: dict[str, int] = field(default_factory=dict)
    unmapped: dict[str, int] = field(default_factory=dict)  # accounts of which no line is known yet

    @property
    def months(self) -> list[date]:
        return sorted({each.month for each in self.amounts})

    @property
    def is_whole(self) -> bool:
        """Whether every row is right and has its line."""
        return bool(self.amounts) and not self.wrong and not self.unmapped


def headings(rows: Sequence[Row]) -> tuple[int, list[str], dict[str, int]]:
    """(row of the file, the headings, field → column) of the row that looks most like headings."""
    best: tuple[int, list[str], dict[str, int]] = (rows[0].number if rows else 1, [], {})
    for row in rows[:HEADER_LOOK]:
        names = ["" if cell is None else str(cell) for cell in row.cells]
        guessed = guess(names)
        if not best[1] or len(guessed) > len(best[2]):
            best = (row.number, names, guessed)
    return best


def guess(names: Sequence[str]) -> dict[str, int]:
    """Field → column; `month_1` to `month_12` where the sheet has a column for each month."""
    lowered = [re.sub(r"[^a-z ]", "", name.lower()).strip() for name in names]
    found: dict[str, int] = {}
    for name, (_, known) in FIELDS.items():
        for index, heading in enumerate(lowered):
            if heading in known and index not in found.values():
                found[name] = index
                break
    wide = month_columns(names)
    if wide:
        found = {name: column for name, column in found.items() if name in ("account", "centre")} | wide
    elif "amount" in found:
        found = {name: column for name, column in found.items() if name not in ("debit", "credit")}
    return found


def month_columns(names: Sequence[str]) -> dict[str, int]:
    """`month_1` … → column, where at least two headings are months."""
    wide: dict[str, int] = {}
    for index, name in enumerate(names):
        number = _MONTHS.get(re.sub(r"[\d\s.'’-]", "", name.lower()))
        if number is None and (match := re.fullmatch(r"(?:p|periode|period)\s*0?(\d{1,2})", name.strip().lower())):
            number = int(match[1]) if 1 <= int(match[1]) <= 12 else None
        if number is not None:
            wide.setdefault(f"month_{number}", index)
    return wide if len(wide) > 1 else {}


def layout_key(names: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(name.strip().lower() for name in names).encode()).hexdigest()


def read(
    rows: Iterator[Row],
    header_row: int,
    columns: Mapping[str, int],
    rules: Rules,
    *,
    kind: FigureKind,
    signs: Signs,
    year: int | None,
) -> Reading:
    """The whole sheet. Raises Invalid where it cannot be read at all."""
    found = Reading()
    for row in rows:
        if row.number <= header_row or _is_total(row, columns):
            continue
        found.rows += 1
        if found.rows > MOST_ROWS:
            raise Invalid(
                N_("There are more than %(most)s rows in this file. Give what each account comes to in a month."),
                most=MOST_ROWS,
            )
        try:
            _take(found, row, columns, rules, kind, signs, year)
        except Problem as problem:
            found.wrong += 1
            if len(found.problems) < SHOWN:
                found.problems.append(problem)
    return found


def _take(
    found: Reading,
    row: Row,
    columns: Mapping[str, int],
    rules: Rules,
    kind: FigureKind,
    signs: Signs,
    year: int | None,
) -> None:
    account, centre = _code(row, columns, "account"), _code(row, columns, "centre")
    written = _written(row, columns, year)
    if not account:
        raise Problem(row.number, "account", N_("There is no ledger account in this row."), {})
    total = sum(cents for _, cents in written)
    rule = _rule(rules, account, centre)
    line = rule.rj_line
    if line is not None and kind is FigureKind.COST and line not in (*COST_LINES, RjLine.FINANCIAL):
        said = N_("Account %(account)s is income: that is booked here. Leave the account out.")
        raise Problem(row.number, "account", said, {"account": account})
    found.total_cents += total
    found.accounts[account] = found.accounts.get(account, 0) + total
    if centre:
        found.centres[centre] = found.centres.get(centre, 0) + total
    if rule.left_out:
        found.left_out_cents += total
    elif line is None:
        found.unmapped[account] = found.unmapped.get(account, 0) + total
    else:
        sign = -1 if signs is Signs.LEDGER and line not in COST_LINES else 1
        found.amounts += [
            Amount(month, line, sign * cents, account, rule.programme_id) for month, cents in written if cents
        ]


def _is_total(row: Row, columns: Mapping[str, int]) -> bool:
    """The foot of a sheet sums what stands above it."""
    cell = row.cell(columns["account"]) if "account" in columns else None
    return isinstance(cell, str) and bool(re.match(r"(sub)?tota(a)?l", cell.strip().lower()))


def _rule(rules: Rules, account: str, centre: str) -> Rule:
    by_account = rules.get((RuleOn.ACCOUNT, account), Rule())
    by_centre = rules.get((RuleOn.CENTRE, centre), Rule()) if centre else Rule()
    if by_account.left_out or by_centre.left_out:
        return Rule(left_out=True)
    fixed = by_account.rj_line is not None and by_account.rj_line not in COST_LINES
    line = by_account.rj_line if fixed else by_centre.rj_line or by_account.rj_line
    return Rule(line, by_centre.programme_id or by_account.programme_id)


def _written(row: Row, columns: Mapping[str, int], year: int | None) -> list[tuple[date, int]]:
    wide = {int(name[6:]): column for name, column in columns.items() if name.startswith("month_")}
    if wide:
        if year is None:
            raise Problem(row.number, "month", N_("Say of which year these months are."), {})
        return [(date(year, number, 1), _cents(row, column, "amount")) for number, column in sorted(wide.items())]
    month = _month(row.number, row.cell(columns["month"]) if "month" in columns else None, year)
    if "amount" in columns:
        if row.cell(columns["amount"]) is None:
            raise Problem(row.number, "amount", N_("There is no amount in this row."), {})
        return [(month, _cents(row, columns["amount"], "amount"))]
    debit = _cents(row, columns["debit"], "debit") if "debit" in columns else 0
    return [(month, debit - (_cents(row, columns["credit"], "credit") if "credit" in columns else 0))]


def _code(row: Row, columns: Mapping[str, int], name: str) -> str:
    cell = row.cell(columns[name]) if name in columns else None
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        cell = f"{cell:f}"
        cell = cell.rstrip("0").rstrip(".") if "." in cell else cell
    text = " ".join(str(cell).split())
    if len(text) > 40:
        raise Problem(row.number, name, N_("This is too long: at most %(longest)s characters."), {"longest": 40})
    return text


def _cents(row: Row, column: int, name: str) -> int:
    cell = row.cell(column)
    if cell is None or cell == "-":
        return 0
    try:
        return cents_of(cell)
    except DomainError as error:
        params = {key: str(value)[:60] for key, value in error.params.items()}
        raise Problem(row.number, name, error.message, params) from None
    except ValueError:
        raise Problem(row.number, name, N_("“%(text)s” is not an amount."), {"text": str(cell)[:60]}) from None


def _month(number: int, cell: Cell, year: int | None) -> date:
    """`2026-01`, `01-2026`, `202601`, `januari 2026`, `1` of a given year, or any day."""
    if isinstance(cell, date):
        return month_start(cell)
    text = (f"{cell.normalize():f}" if isinstance(cell, Decimal) else cell or "").strip().lower()
    if not text:
        raise Problem(number, "month", N_("There is no month in this row."), {})
    try:
        if match := re.fullmatch(r"(20\d\d)[-/ ]?(\d{1,2})", text, re.ASCII):
            return date(int(match[1]), int(match[2]), 1)
        if match := re.fullmatch(r"(\d{1,2})[-/ ](20\d\d)", text, re.ASCII):
            return date(int(match[2]), int(match[1]), 1)
        named = re.fullmatch(r"([a-z.]+)[ -]*(20\d\d)?", text, re.ASCII)
        if named and (of := int(named[2]) if named[2] else year) and named[1].rstrip(".") in _MONTHS:
            return date(of, _MONTHS[named[1].rstrip(".")], 1)
        if year and re.fullmatch(r"p?\d{1,2}", text, re.ASCII):
            return date(year, int(text.lstrip("p")), 1)
        day = parse_date(text)
        if not 2000 <= day.year <= 2100:
            raise ValueError(text)
        return month_start(day)
    except ValueError:
        raise Problem(number, "month", N_("“%(text)s” is not a month."), {"text": text[:60]}) from None
