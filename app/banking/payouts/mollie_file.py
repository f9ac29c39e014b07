"""The settlement export of Mollie's dashboard: a CSV with a row for each payment, refund, chargeback and fee.

Without an organisation token payouts come this way. A row has the reference of its payout and what it did to the
payout (settlement amount); rows without a number of Mollie's are fees withheld, or something that people look at.
The sum of the rows of a payout is what was paid out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time

from app.base.dates import AMSTERDAM
from app.base.errors import DomainError, Invalid
from app.base.money import EUR, parse_money
from app.base.states import N_
from app.payments.providers.settlements import REFERENCE, Part, PartKind, Settlement
from app.sheets.csv_reader import decoded, rows
from app.sheets.reading import Row
from app.ui.fields import parse_date

MAX_BYTES = 20 * 1024 * 1024
# Field → the headings it has in the Dutch and the English export, folded.
_COLUMNS = {
    "on": ("datum", "date"),
    "method": ("betaalmethode", "payment method"),
    "currency": ("uitbetalingsvaluta", "verrekende valuta", "settlement currency"),
    "id": ("id",),
    "said": ("omschrijving", "description"),
    "cents": ("uitbetalingsbedrag", "verrekend bedrag", "settlement amount"),
    "reference": ("uitbetalingsreferentie", "settlement referentie", "settlement reference"),
}
_NEEDED = ("on", "id", "cents", "reference")
_KINDS = {"tr": PartKind.PAYMENT, "re": PartKind.REFUND, "chb": PartKind.CHARGEBACK}
_NUMBER = re.compile(r"(tr|re|chb)_[A-Za-z0-9]{2,70}", re.ASCII)
_FEE = re.compile(r"withheld|fee|ingehouden|kosten|commission", re.IGNORECASE)
_CHARGED_BACK = re.compile(r"charge|storner|terugboek", re.IGNORECASE)


def read(content: bytes) -> list[Settlement]:
    """The payouts in this file, in their order there. Raises Invalid, naming the row."""
    if not content.strip():
        raise Invalid(N_("This file is empty."), field="file")
    if len(content) > MAX_BYTES:
        raise Invalid(N_("This file is larger than %(most)s MB."), field="file", most=MAX_BYTES >> 20)
    found: dict[str, list[tuple[Part, bool]]] = {}
    try:
        columns: dict[str, int] = {}
        for row in rows(decoded(content)):
            if not columns:
                columns = _columns(row)
            elif (told := _row(row, columns)) is not None:
                reference, part, is_fee = told
                found.setdefault(reference, []).append((part, is_fee))
    except Invalid as error:
        raise Invalid(error.message, field="file", **error.params) from None
    if not found:
        raise Invalid(N_("There is no payout in this file: none of its rows was paid out yet."), field="file")
    return [_settlement(reference, parts) for reference, parts in found.items()]


def _columns(row: Row) -> dict[str, int]:
    names = [re.sub(r"\s+", " ", str(cell or "")).strip().casefold() for cell in row.cells]
    found = {
        field: names.index(known[0]) for field, headings in _COLUMNS.items()
        if (known := [heading for heading in headings if heading in names])
    }  # fmt: skip
    if missing := [_COLUMNS[field][-1] for field in _NEEDED if field not in found]:
        raise Invalid(
            N_("This is not a settlement export of Mollie: the column “%(name)s” is missing. Download it in Mollie "
               "under Administration, Settlements, as CSV."), name=missing[0],
        )  # fmt: skip
    return found


def _row(row: Row, columns: dict[str, int]) -> tuple[str, Part, bool] | None:
    def cell(name: str) -> str:
        return str(row.cell(columns[name]) or "").strip() if name in columns else ""

    if len(row.cells) <= columns["reference"]:  # else a fee at the end would be left out without a word
        raise Invalid(N_("Row %(row)s breaks off: this file is not whole. Download it again."), row=row.number)
    reference = cell("reference")
    if not reference:
        return None  # not paid out yet
    if not REFERENCE.fullmatch(reference):
        raise Invalid(
            N_("Row %(row)s: “%(text)s” is not a reference of a payout."), row=row.number, text=reference[:40]
        )
    if cell("currency") not in ("", EUR):
        raise Invalid(N_("Row %(row)s: only payouts in euros can be taken in."), row=row.number)
    cents = _cents(row.number, cell("cents"))
    number, said, method = cell("id"), cell("said"), cell("method")
    known = _NUMBER.fullmatch(number)
    kind = _KINDS[known[1]] if known else PartKind.OTHER
    about = ""
    if kind is PartKind.PAYMENT and cents < 0:  # told by the number of the payment that it is of
        kind = PartKind.CHARGEBACK if _CHARGED_BACK.search(method + said) else PartKind.REFUND
        number, about = "", number
    is_fee = kind is PartKind.OTHER and not number and bool(_FEE.search(said))
    part = Part(
        kind=kind, provider_id=number[:80], cents=cents, at=_at(row.number, cell("on")), payment_key=about,
        said=said if kind is PartKind.OTHER else "",
    )  # fmt: skip
    return (reference, part, is_fee) if cents else None


def _settlement(reference: str, told: Sequence[tuple[Part, bool]]) -> Settlement:
    return Settlement(
        provider="mollie", reference=reference, settled_at=max(part.at for part, _ in told),
        net_cents=sum(part.cents for part, _ in told),
        fee_cents=-sum(part.cents for part, is_fee in told if is_fee),
        parts=tuple(part for part, is_fee in told if not is_fee),
    )  # fmt: skip


def _cents(number: int, text: str) -> int:
    try:
        bare = text.replace("\u2212", "-")
        negative = bare.startswith("-")
        cents = parse_money(bare.lstrip("-").strip()).cents
    except DomainError:
        raise Invalid(N_("Row %(row)s: “%(text)s” is not an amount."), row=number, text=text[:40]) from None
    return -cents if negative else cents


def _at(number: int, text: str) -> datetime:
    try:
        return datetime.combine(parse_date(re.split(r"[ T]", text)[0]), time(12), AMSTERDAM)
    except ValueError:
        raise Invalid(N_("Row %(row)s: “%(text)s” is not a date."), row=number, text=text[:40]) from None
