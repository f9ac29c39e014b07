"""What a row of the accounting package means: columns recognised, amounts and days read strictly."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.base.errors import DomainError
from app.base.states import N_
from app.sheets.amounts import PLAIN, cents_of
from app.sheets.reading import MAX_COLUMNS, Cell, Row
from app.ui.fields import parse_date

# Field → its label, and headings it goes by in accounting packages.
FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "spent_on": (N_("Date"), ("datum", "date", "boekdatum", "factuurdatum", "transactiedatum")),
    "amount": (N_("Amount"), ("bedrag", "amount", "saldo", "bedrag eur", "bedrag in eur", "amount eur")),
    "debit": (N_("Debit"), ("debet", "debit", "debetbedrag")),
    "credit": (N_("Credit"), ("credit", "creditbedrag")),
    "description": (N_("Description"), ("omschrijving", "description", "toelichting")),
    "ledger_account": (N_("Ledger account"), ("grootboek", "grootboekrekening", "rekening", "account", "gb")),
    "cost_centre": (N_("Cost centre"), ("kostenplaats", "kostendrager", "cost centre", "cost center", "project")),
    "voucher": (N_("Entry number"), ("boekstuk", "boekstuknummer", "stuknummer", "factuurnummer", "entry", "voucher")),
}
# In the order of the fields of Cost.
LENGTHS = {"description": 300, "ledger_account": 40, "cost_centre": 40, "voucher": 80}
HEADER_LOOK = 15  # filled rows in which the headings are looked for


@dataclass
class Problem(Exception):  # noqa: N818 (said to people, not raised at programmers)
    """What is wrong in a row: which field, and why."""

    row: int
    field: str
    message: str
    params: dict[str, Any]

    def as_list(self) -> list[Any]:
        return [self.row, self.field, self.message, self.params]


@dataclass(slots=True)
class Cost:
    """A row that is right. Cents; `key` is the same for the same row of the accounts."""

    row: int
    spent_on: date
    cents: int
    description: str
    ledger_account: str
    cost_centre: str
    voucher: str
    key: str


def headings(rows: Sequence[Row]) -> tuple[int, list[str], dict[str, int]]:
    """(row of the file, the headings, field → column) of the row that looks most like headings."""
    best: tuple[int, list[str], dict[str, int]] = (rows[0].number if rows else 1, [], {})
    for row in rows[:HEADER_LOOK]:
        names = ["" if cell is None else str(cell) for cell in row.cells]
        guessed = _guess(names)
        if not best[1] or len(guessed) > len(best[2]):
            best = (row.number, names, guessed)
    return best


def _guess(names: Sequence[str]) -> dict[str, int]:
    lowered = [re.sub(r"[^a-z ]", "", name.lower()).strip() for name in names]
    found: dict[str, int] = {}
    for field, (_, known) in FIELDS.items():
        for index, name in enumerate(lowered):
            if name in known and index not in found.values():
                found[field] = index
                break
    if "amount" in found:
        found.pop("debit", None)
        found.pop("credit", None)
    return found


def layout_key(names: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(name.strip().lower() for name in names).encode()).hexdigest()


def read(rows: Iterator[Row], header_row: int, columns: Mapping[str, int]) -> Iterator[Cost | Problem]:
    """Each row below the headings as a cost, or what is wrong with it."""
    cost_of = _Reader(columns).cost
    for row in rows:
        if row.number <= header_row:
            continue
        try:
            yield cost_of(row)
        except Problem as problem:
            yield problem


class _Reader:
    """Rows of one sheet, hundreds of thousands of them: what can be known before the first row is looked up once,
    and what nearly every cell holds (a short text, `12,50`) takes the short way."""

    def __init__(self, columns: Mapping[str, int]) -> None:
        self.day_at = columns["spent_on"]
        self.amount_at = columns.get("amount")
        self.debit_at, self.credit_at = columns.get("debit", -1), columns.get("credit")
        self.texts_at = [(name, columns.get(name, MAX_COLUMNS), longest) for name, longest in LENGTHS.items()]
        self.days: dict[Cell, tuple[date, str]] = {}
        self.counted: dict[bytes, int] = {}

    def cost(self, row: Row) -> Cost:
        cells, width = row.cells, len(row.cells)
        cell = cells[self.day_at] if self.day_at < width else None
        known = self.days.get(cell)
        if known is None:
            known = self._day(row.number, cell)
        day, day_text = known
        cents = self._cents(row)
        if not cents:
            raise Problem(row.number, "amount", N_("There is no amount in this row."), {})
        texts = []
        for name, column, longest in self.texts_at:
            cell = cells[column] if column < width else None
            if cell is None:
                texts.append("")
            elif type(cell) is str and len(cell) <= longest and cell.isprintable():
                texts.append(cell)
            else:
                texts.append(_text(row.number, name, cell, longest))
        base = "\x1f".join((day_text, str(cents), *texts))
        digest = hashlib.blake2b(base.encode(), digest_size=16).digest()
        # Two rows that are the same in everything are two costs: the second is the second of its kind.
        nth = self.counted[digest] = self.counted.get(digest, 0) + 1
        description, account, centre, voucher = texts
        return Cost(row.number, day, cents, description, account, centre, voucher, f"row:{digest.hex()}:{nth}")

    def _day(self, number: int, cell: Cell) -> tuple[date, str]:
        if len(self.days) >= 20_000:
            self.days.clear()
        day = _day(number, cell)
        known = self.days[cell] = (day, day.isoformat())
        return known

    def _cents(self, row: Row) -> int:
        column = self.amount_at
        if column is None:
            debit = _cents(row, self.debit_at, "debit", needed=False)
            return debit - (0 if self.credit_at is None else _cents(row, self.credit_at, "credit", needed=False))
        if column < len(row.cells) and not row.borrowed:
            cell = row.cells[column]
            if type(cell) is str and PLAIN.fullmatch(cell):
                return int(cell[:-3] + cell[-2:])
        return _cents(row, column, "amount", needed=True)


def _text(number: int, name: str, cell: Cell, longest: int) -> str:
    if type(cell) is Decimal:
        cell = f"{cell:f}"
        cell = cell.rstrip("0").rstrip(".") if "." in cell else cell
    text = cell if type(cell) is str else str(cell)
    if not text.isprintable():
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(text) > longest:
        if name == "description":
            return text[: longest - 1] + "…"
        raise Problem(number, name, N_("This is too long: at most %(longest)s characters."), {"longest": longest})
    return text


def _day(number: int, cell: Cell) -> date:
    if isinstance(cell, date):
        return cell
    if cell is None:
        raise Problem(number, "spent_on", N_("There is no date in this row."), {})
    text = f"{cell:f}" if isinstance(cell, Decimal) else cell
    try:
        if re.fullmatch(r"(19|20)\d{6}", text, re.ASCII):
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        return parse_date(re.sub(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$", "", text))
    except ValueError:
        raise Problem(number, "spent_on", N_("“%(text)s” is not a date."), {"text": text[:60]}) from None


def _cents(row: Row, column: int, field: str, *, needed: bool) -> int:
    cell = row.cell(column)
    if cell is None or column in row.borrowed:
        if not needed:
            return 0
        if column in row.borrowed:
            raise Problem(row.number, field, N_("The amount is merged with the row above: split the cells."), {})
        raise Problem(row.number, field, N_("There is no amount in this row."), {})
    try:
        return cents_of(cell)
    except DomainError as error:
        params = {name: str(value)[:60] for name, value in error.params.items()}
        raise Problem(row.number, field, error.message, params) from None
    except ValueError:
        shown = cell.isoformat() if isinstance(cell, date) else str(cell)
        raise Problem(row.number, field, N_("“%(text)s” is not an amount."), {"text": shown[:60]}) from None
