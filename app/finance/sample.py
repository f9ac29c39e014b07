"""A sample for the auditor: so many entries of a year, drawn at random by a seed, the same again each time.

What may be drawn is the entries of the year up to one of them (`last`), so that bookings made later do not change a
sample that was drawn; how many they are is told with it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from app.base.references import code_of
from app.extensions import db
from app.finance import sources
from app.finance.periods import Period
from app.ledger.models import Account, JournalEntry, JournalLine
from app.ledger.queries import debits_of
from app.sheets.columns import Column, Kind

MOST = 200
_CHUNK = 10_000  # ids read at once


@dataclass(frozen=True, slots=True)
class Sample:
    """`drawn_from` entries, of which `entries` (in their order) were drawn; `debit` is cents by entry."""

    entries: list[JournalEntry]
    debit: dict[int, int]
    drawn_from: int
    last: int


def newest(period: Period) -> int:
    """The entry of this period with the highest id, 0 where there is none."""
    mine = select(func.max(JournalEntry.id)).where(JournalEntry.booked_on.between(period.start, period.end))
    return db.session.execute(mine).scalar() or 0


def draw(period: Period, *, count: int, seed: str, last: int) -> Sample:
    """`count` entries of the period with ids up to `last`. Ids are read in their order and counted, so that the
    same seed gives the same sample on any machine."""
    among = (JournalEntry.booked_on.between(period.start, period.end), JournalEntry.id <= last)
    population = db.session.execute(select(func.count()).select_from(JournalEntry).where(*among)).scalar_one()
    places = set(random.Random(f"{seed}/{last}").sample(range(population), min(count, population, MOST)))  # noqa: S311
    ids = select(JournalEntry.id).where(*among).order_by(JournalEntry.id).execution_options(yield_per=_CHUNK)
    chosen = [entry_id for place, entry_id in enumerate(db.session.execute(ids).scalars()) if place in places]
    found = db.session.execute(select(JournalEntry).where(JournalEntry.id.in_(chosen)).order_by(JournalEntry.id))
    return Sample(list(found.scalars()), debits_of(chosen), population, last)


def columns() -> list[Column]:
    return [
        Column(_("Entry"), width=18), Column(_("Booking date"), Kind.DATE), Column(_("Event"), width=28),
        Column(_("Ledger account"), width=36), Column(_("Debit"), Kind.AMOUNT, total=True),
        Column(_("Credit"), Kind.AMOUNT, total=True), Column(_("Proof"), width=60), Column("SHA-256", width=66),
        Column(_("Seen"), width=8), Column(_("Remark"), width=30),
    ]  # fmt: skip


def rows(sample: Sample, language: str) -> Iterator[tuple[Any, ...]]:
    """Each line of the drawn entries, with what proves the entry and the hashes of its files on its first line."""
    lines: dict[int, list[tuple[JournalLine, str]]] = {}
    for line, account in db.session.execute(
        select(JournalLine, Account)
        .join(Account, Account.id == JournalLine.account_id)
        .where(JournalLine.entry_id.in_([entry.id for entry in sample.entries]))
        .order_by(JournalLine.id)
    ):
        lines.setdefault(line.entry_id, []).append((line, f"{account.code} {account.name(language)}"))
    for entry in sample.entries:
        grant_id = next((line.grant_id for line, _name in lines[entry.id] if line.grant_id), None)
        steps = sources.steps(entry, grant_id)
        proof = "; ".join(f"{step.what} {step.name}" for step in steps) or sources.name_of(entry.source_type)
        told = (proof, " ".join(step.sha256 for step in steps if step.sha256))
        for line, account_name in lines[entry.id]:
            debit, credit = (line.cents, None) if line.cents > 0 else (None, -line.cents)
            yield (
                code_of(entry.id), entry.booked_on, _(entry.event.label), account_name, debit, credit, *told, "", "",
            )  # fmt: skip
            told = ("", "")
