"""What the description of a CSV tells: some banks put into it what others have columns for.

ABN AMRO has its `:86:` there (dutch.py); ING labels, `Naam: … Omschrijving: … IBAN: … Kenmerk: … Valutadatum: …`.
What has a column of its own counts before what the description tells.
"""

from __future__ import annotations

import re

from app.banking.formats import dutch
from app.banking.formats.facts import Transaction, looks_like_iban, provided

_ING = re.compile(r"(?:Naam: (?P<name>.*?) )?Omschrijving: (?P<text>.*)")
# After the payer's words; the last IBAN among them is the bank's.
_ING_END = re.compile(
    r"(?P<iban>[A-Z]{2}\d{2}[A-Z0-9]{11,30})(?: Kenmerk: (?P<end_to_end>.*?))?(?: Machtiging ID: (?P<mandate>.*?))?"
    r"(?: Incassant ID: (?P<creditor_id>\S+))?(?: [\w ]*[Ii]ncasso)?(?: Overige partij: (?P<ultimate>.*?))?"
    r"(?: Valutadatum: \d\d-\d\d-\d{4})"
)
_FIELDS = ("end_to_end", "mandate", "creditor_id", "batch", "structured", "name", "iban", "bic", "return_reason",
           "ultimate")  # fmt: skip


def read(transaction: Transaction) -> bool:
    """Fill in what is missing by what the description tells. Gives whether it says that it was taken back."""
    text = transaction.text
    told = Transaction(transaction.cents)
    taken_back = False
    if dutch.is_of_bank(text):
        taken_back = dutch.read([text], told)
    elif not _labels(text, told):
        return False
    for name in _FIELDS:
        if not getattr(transaction, name):
            setattr(transaction, name, getattr(told, name))
    transaction.text = told.text
    return taken_back


def _labels(text: str, told: Transaction) -> bool:
    found = _ING.fullmatch(text)
    words, _, rest = found["text"].rpartition(" IBAN: ") if found else ("", "", "")
    end = _ING_END.fullmatch(rest)
    if found is None or end is None:
        return False
    told.text, told.name = words.strip()[:500], (found["name"] or "").strip()[:140]
    told.iban = end["iban"] if looks_like_iban(end["iban"]) else ""
    told.end_to_end = provided(end["end_to_end"] or "")[:35]
    told.mandate, told.creditor_id = (end["mandate"] or "").strip()[:35], (end["creditor_id"] or "")[:35]
    told.ultimate = (end["ultimate"] or "").strip()[:140]
    return True
