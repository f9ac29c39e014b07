"""Bank accounts at rest: sealed whole, found by their blind index, shown by the last four."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.supporters.contact_models import Iban
from app.vault.services import blind_index, blind_indexes, seal, unseal

INDEX = "iban"


def iban_lookup(iban: str) -> bytes:
    """The blind index of a checked IBAN (no spaces, capitals)."""
    return blind_index(iban, INDEX)


def iban_lookups(ibans: Iterable[str]) -> list[bytes]:
    """`iban_lookup` of many."""
    return blind_indexes(ibans, INDEX)


def iban_row(row_id: int, supporter_id: int, iban: str, holder: str, source: str, now: datetime) -> dict[str, Any]:
    """A row of `iban`, sealed for its place."""
    return {
        "id": row_id,
        "supporter_id": supporter_id,
        "number_sealed": seal(iban, f"iban:{row_id}"),
        "holder_sealed": seal(holder, f"holder:{row_id}") if holder else None,
        "lookup": iban_lookup(iban),
        "country": iban[:2],
        "last_four": iban[-4:],
        "source": source,
        "created_at": now,
    }


def number_of(row: Iban) -> str:
    """The whole number, for a collection or the person's own page. Never for lists, logs or exports."""
    return unseal(row.number_sealed, f"iban:{row.id}")


def holder_of(row: Iban) -> str:
    return unseal(row.holder_sealed, f"holder:{row.id}") if row.holder_sealed else ""
