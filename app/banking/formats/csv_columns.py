"""What the columns of a bank's CSV mean: guessed from their headings, said once for each account, and kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from app.base.states import N_
from app.sheets.reading import Row

# Field → its label, and headings it goes by at Dutch banks, folded.
FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "date": (
        N_("Date"),
        ("datum", "date", "boekdatum", "transactiedatum", "boekingsdatum", "transactiondate", "booking date"),
    ),
    "amount": (N_("Amount"), ("bedrag eur", "bedrag", "amount", "transactiebedrag", "amount eur", "mutatiebedrag")),
    "direction": (
        N_("Which way (Af/Bij, Debet/Credit)"),
        ("af bij", "debit credit", "creditdebet", "debet credit", "bij af", "d c", "dc"),
    ),
    "debit": (N_("Money out"), ("af", "debet", "debit", "uitgaven", "money out")),
    "credit": (N_("Money in"), ("bij", "credit", "inkomsten", "money in")),
    "balance": (
        N_("Balance after it"),
        ("saldo na mutatie", "saldo na trn", "saldo na boeking", "endsaldo", "saldo", "balance", "resulting balance"),
    ),
    "own": (
        N_("Our account"),
        ("rekening", "iban bban", "rekeningnummer", "account", "accountnumber", "eigen rekening", "onze rekening"),
    ),
    "currency": (N_("Currency"), ("munt", "valutacode", "valuta", "currency", "mutationcode")),
    "value_date": (N_("Value date"), ("rentedatum", "valutadatum", "interest date", "valuedate", "value date")),
    "name": (
        N_("Name of the other side"),
        ("naam omschrijving", "naam tegenpartij", "tegenrekeninghouder", "naam", "name", "counterparty name"),
    ),
    "iban": (
        N_("Account of the other side"),
        (
            "tegenrekening",
            "tegenrekening iban bban",
            "tegenrekeningnummer",
            "counterparty",
            "iban tegenpartij",
            "counterparty iban",
        ),
    ),
    "text": (
        N_("Description"),
        ("mededelingen", "omschrijving 1", "omschrijving", "notifications", "description", "mededeling"),
    ),
    "text2": (N_("Description, second part"), ("omschrijving 2",)),
    "text3": (N_("Description, third part"), ("omschrijving 3",)),
    "structured": (N_("Payment reference"), ("betalingskenmerk", "payment reference")),
    "end_to_end": (N_("Reference of the payer"), ("transactiereferentie", "referentie", "end to end id", "eref")),
    "mandate": (N_("Mandate"), ("machtigingskenmerk", "machtigingsnummer", "mandate")),
    "ultimate": (N_("On behalf of"), ("naam uiteindelijke partij", "overige partij", "uiteindelijke partij")),
    "batch": (N_("Batch of direct debits"), ("batch id", "batch")),
    "return_reason": (N_("Reason of the return"), ("reden retour", "return reason")),
    "reference": (N_("Number of the bank"), ("volgnr", "volgnummer", "transactie id", "transaction id")),
    "code": (N_("Kind of payment"), ("mutatiesoort", "code", "betaalwijze", "type")),
}
DATE_FORMATS = ("%d-%m-%Y", "%Y-%m-%d", "%Y%m%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%y", "%m/%d/%Y")
HEADER_LOOK = 10
_IN = frozenset(("bij", "c", "cr", "cre", "credit", "crdt", "+", "in"))
_OUT = frozenset(("af", "d", "db", "deb", "debet", "debit", "dbit", "-", "uit", "out"))


@dataclass(frozen=True, slots=True)
class Columns:
    """The meaning of a file's columns. `headings` are as in the file; empty where it has none, and then `width` says
    how many columns there are."""

    account: str  # our IBAN; a column of the file may name another
    headings: tuple[str, ...]
    width: int
    date_format: str
    at: Mapping[str, int] = field(default_factory=dict)

    def fits(self, row: Row) -> bool:
        """Whether a file whose first row this is, is of this kind."""
        if self.headings:
            return folded(row) == tuple(fold(each) for each in self.headings)
        return len(row.cells) == self.width and self.day(row) is not None

    def day(self, row: Row, name: str = "date") -> date | None:
        cell = row.cell(self.at[name]) if name in self.at else None
        if isinstance(cell, date):
            return cell
        try:
            return datetime.strptime(re.split(r"[ T]", str(cell or ""))[0], self.date_format).date()  # noqa: DTZ007
        except ValueError:
            return None

    @property
    def missing(self) -> str | None:
        """The label of what must be said before anything can be read."""
        if "date" not in self.at:
            return FIELDS["date"][0]
        if "amount" not in self.at and not {"debit", "credit"} <= set(self.at):
            return FIELDS["amount"][0]
        return None


def came_in(text: str) -> bool | None:
    """Whether money came in, by the bank's word for it; None where that is no word for it."""
    word = text.strip().casefold()
    return True if word in _IN else False if word in _OUT else None


def fold(text: object) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", str(text or "").casefold()).split())


def folded(row: Row) -> tuple[str, ...]:
    return tuple(fold(cell) for cell in row.cells)


def guess(rows: Sequence[Row], account: str) -> tuple[int, Columns]:
    """(how many rows come before the first line, the likeliest meaning) of these first rows of a file."""
    best: dict[str, int] = {}
    head = -1
    for index, row in enumerate(rows[:HEADER_LOOK]):
        found = _by_headings(folded(row))
        if len(found) > len(best):
            best, head = found, index
    if len(best) < 2:  # no headings: positions are for people to say
        width = len(rows[0].cells) if rows else 0
        return 0, Columns(account, (), width, _format([str(c or "") for row in rows[:50] for c in row.cells]), {})
    lines = rows[head + 1 :]
    dates = [str(row.cell(best["date"]) or "") for row in lines] if "date" in best else []
    names = tuple(str(cell or "") for cell in rows[head].cells)
    return head + 1, Columns(account, names, len(names), _format(dates), best)


def _by_headings(names: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, (_, known) in FIELDS.items():
        for heading in known:
            if heading in names and (place := names.index(heading)) not in found.values():
                found[name] = place
                break
    if "amount" in found:
        found.pop("debit", None)
        found.pop("credit", None)
    return found


def certain(rows: Sequence[Row]) -> Columns | None:
    """The meaning of columns that needs nobody's word: the headings tell date, amount, whose account it is, and the
    balance after each line, which every line but the first must prove. None where they do not, a date may be two, or
    nothing tells which way an amount goes."""
    below, said = guess(rows, "")
    if said.missing or not {"own", "balance"} <= set(said.at):
        return None
    if "amount" in said.at and "direction" not in said.at:
        amounts = [str(row.cell(said.at["amount"]) or "").strip() for row in rows[below:]]
        if not any(each.startswith("-") for each in amounts):
            return None
    dates = [str(row.cell(said.at["date"]) or "") for row in rows[below:]]
    told = [replace(said, date_format=each) for each in DATE_FORMATS if _fitting(dates, each) == len(dates)]
    return said if len({tuple(each.day(row) for row in rows[below:]) for each in told}) == 1 else None


def _format(texts: Sequence[str]) -> str:
    """The way of writing a date that fits most of these."""
    return max(DATE_FORMATS, key=lambda pattern: _fitting(texts, pattern))


def _fitting(texts: Sequence[str], pattern: str) -> int:
    count = 0
    for text in texts:
        try:
            datetime.strptime(re.split(r"[ T]", text)[0], pattern)  # noqa: DTZ007
        except ValueError:
            continue
        count += 1
    return count
