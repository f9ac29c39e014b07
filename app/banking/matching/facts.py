"""What a finder sees of a line, and what it proposes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from app.banking.match_models import MatchKind
from app.banking.models import BankEntry, BankLine
from app.banking.queries import Party, party
from app.base.references import id_of_rf, ids_of_payment_number
from app.extensions import db

_NUMBER = re.compile(r"(?<!\d)\d{4}(?: ?\d{4}){3}(?!\d)", re.ASCII)
_RF = re.compile(r"RF\d{2}(?: ?[0-9A-Z]){1,21}")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in words: a msgid with its parameters (texts and cents)."""

    said: str
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a line may be. `exact` where a reference names it; `blocked` where something speaks against booking
    it unseen, whatever the score."""

    kind: MatchKind
    target_id: int | None
    cents: int
    score: int
    reasons: tuple[Reason, ...]
    label: str = ""
    supporter_id: int | None = None
    programme_id: int | None = None
    exact: bool = False
    blocked: bool = False

    @property
    def key(self) -> str:
        """Names it on a form."""
        return f"{self.kind.value}:{self.target_id or self.supporter_id or 0}"


@dataclass(slots=True)
class Facts:
    """A line that waits, opened. `day` is the day it is booked on."""

    id: int
    cents: int
    day: date
    booked_on: date
    iban_index: bytes | None
    is_return: bool
    rf_ids: tuple[int, ...]
    party: Party
    reference: str
    end_to_end: str = ""
    mandate: str = ""
    batch: str = ""
    return_reason: str = ""
    numbers: tuple[str, ...] = ()  # betalingskenmerken whose check digit is right


def facts_of(line_ids: Iterable[int]) -> list[Facts]:
    """These lines, in the order of their ids; those whose entry is not booked yet are left out."""
    rows = db.session.execute(
        select(BankLine, BankEntry.ledger_on, BankEntry.is_return)
        .join(BankEntry, BankEntry.id == BankLine.entry_id)
        .where(BankLine.id.in_(list(line_ids)), BankEntry.ledger_on.is_not(None))
        .order_by(BankLine.id)
    )
    return [
        facts_from(line, party(line), ledger_on, is_return=is_return)
        for line, ledger_on, is_return in rows
        if ledger_on is not None
    ]


def facts_from(line: Any, known: Party, ledger_on: date, *, is_return: bool) -> Facts:
    """Of a line with its party opened, and the day it is booked on."""
    return Facts(
        line.id, line.cents, ledger_on, line.booked_on, line.iban_index, is_return or bool(line.return_reason),
        tuple(_rf_ids(line.structured, line.end_to_end, known.text)), known,
        line.structured or line.end_to_end or line.batch or line.mandate, line.end_to_end, line.mandate, line.batch,
        line.return_reason, tuple(_numbers(line.structured, line.end_to_end, known.text)),
    )  # fmt: skip


def _numbers(*texts: str) -> Iterable[str]:
    """Betalingskenmerken in these texts. One that fails its check is of somebody else, and no error (DOMAIN.md 6)."""
    for text in texts:
        for match in _NUMBER.finditer(text):
            if ids_of_payment_number(match[0]) is not None:
                yield match[0].replace(" ", "")


def _rf_ids(*texts: str) -> Iterable[int]:
    """Row ids behind the RF references in these texts. In free text words may follow, so the longest first."""
    for text in texts:
        for match in _RF.finditer(upper) if "RF" in (upper := text.upper()) else ():
            whole = match[0].replace(" ", "")
            for end in range(len(whole), 5, -1):
                if (found := id_of_rf(whole[:end])) is not None:
                    yield found
