"""What a cell with an amount says, read strictly."""

from __future__ import annotations

import re
from decimal import Decimal

from app.base.money import MAX_CENTS, parse_money
from app.sheets.reading import Cell

PLAIN = re.compile(r"-?\d{1,9}[.,]\d{2}", re.ASCII)  # what nearly every cell of a CSV holds


def cents_of(cell: Cell, *, thousands: str = "") -> int:
    """Cents of a cell: `1.234,56`, `1234.56`, `€ -12,50`, `12,50-`, `(12,50)`, or a number. ValueError or Invalid.

    `thousands` is for what a person typed (`parse_money`): a file has nobody who sees how one cell is read.
    """
    if type(cell) is str:
        if PLAIN.fullmatch(cell):
            return int(cell[:-3] + cell[-2:])
        return _typed(cell, thousands)
    if not isinstance(cell, Decimal):
        raise ValueError(cell)
    exact = cell * 100
    cents = round(exact)
    # A spreadsheet writes 12.1 as 12.0999999999999996: that is 12.10; 12.345 is no amount.
    if abs(exact - cents) > Decimal("0.0001") or abs(cents) > MAX_CENTS:
        raise ValueError(cell)
    return int(cents)


def _typed(text: str, thousands: str) -> int:
    bare = text.replace("\u2212", "-").strip()
    negative = False
    if bare.startswith("(") and bare.endswith(")"):
        bare, negative = bare[1:-1].strip(), True
    elif bare.endswith("-") and not bare.endswith((",-", ",--")):
        bare, negative = bare[:-1].strip(), True
    else:
        match = re.fullmatch(r"((?:€|EUR)?\s*)-\s*((?:€|EUR)?.*)", bare, re.DOTALL)
        if match:
            bare, negative = match[1] + match[2], True
    if not any(char.isdigit() for char in bare):
        raise ValueError(text)
    cents = parse_money(bare, thousands=thousands).cents
    return -cents if negative else cents
