"""When another room takes back what explained a line, the line waits again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.banking.booking import MATCH
from app.banking.match_models import BankMatch, MatchKind
from app.banking.matching.undoing import released
from app.base.dates import local_date
from app.base.events import Event, on
from app.extensions import db
from app.gifts.events import GiftsUndone
from app.grants.instalments.events import ReceiptsTakenBack
from app.ledger import services as ledger
from app.ledger.models import JournalEntry


@on(GiftsUndone)
def gifts_undone(event: GiftsUndone) -> None:
    _release(event, (MatchKind.PROMISE, MatchKind.GIFT), "gift")


@on(ReceiptsTakenBack)
def receipts_taken_back(event: ReceiptsTakenBack) -> None:
    _release(event, (MatchKind.INSTALMENT,), "instalment_receipt")


def _release(event: Event, kinds: Sequence[MatchKind], source: str) -> None:
    found = select(BankMatch.id).where(
        BankMatch.target_id.in_(event.ids), BankMatch.kind.in_(kinds), BankMatch.undone_at.is_(None)
    )
    ids = list(db.session.execute(found).scalars())
    # What was recorded by hand and found on a statement is gone: the line is no longer there twice.
    recorded = (
        select(BankMatch.id)
        .join(JournalEntry, JournalEntry.id == BankMatch.target_id)
        .where(BankMatch.kind == MatchKind.BY_HAND, BankMatch.undone_at.is_(None))
        .where(JournalEntry.source_type == source, JournalEntry.source_id.in_(event.ids))
    )
    for match_id in db.session.execute(recorded).scalars().all():
        ledger.reverse(source=(MATCH, match_id), on=local_date(event.at), actor=event.actor, now=event.at)
        ids.append(match_id)
    if ids:
        released(ids, actor=event.actor, now=event.at)
