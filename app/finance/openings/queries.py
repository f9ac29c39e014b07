"""Reading opening balances: which entries they are, so that nobody hands them over or counts them twice."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from app.extensions import db
from app.finance.openings.models import SOURCE, Opening, OpeningKind, OpeningMandate, OpeningState
from app.gifts.recurring.models import Commitment
from app.ledger.models import JournalEntry


def entries(start: date, end: date) -> list[tuple[int, date, int]]:
    """(id, booking date, number of lines) of the entries of opening balances from `start` up to `end` (not included),
    those that undo one too. Found by their few sources, not by a walk over the journal."""
    mine = (
        select(JournalEntry.id, JournalEntry.booked_on, JournalEntry.line_count)
        .where(JournalEntry.source_id.in_(select(Opening.id)), JournalEntry.source_type == SOURCE)
        .where(JournalEntry.booked_on >= start, JournalEntry.booked_on < end)
        .order_by(JournalEntry.id)
    )
    return [(row.id, row.booked_on, row.line_count) for row in db.session.execute(mine)]


def latest() -> date | None:
    """The day of the newest opening balance that counts: what lies before is in it."""
    counts = (Opening.kind == OpeningKind.BALANCES) & (Opening.state == OpeningState.IN)
    return db.session.execute(select(func.max(Opening.booked_on)).where(counts)).scalar()


def newest(limit: int = 200) -> list[Opening]:
    return list(db.session.execute(select(Opening).order_by(Opening.id.desc()).limit(limit)).scalars())


def mandates_of(opening_id: int) -> Select[Any]:
    """The recurring gifts that a sheet of mandates became."""
    return (
        select(Commitment)
        .join(OpeningMandate, OpeningMandate.commitment_id == Commitment.id)
        .where(OpeningMandate.opening_id == opening_id)
    )
