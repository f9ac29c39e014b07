"""What stands on a clearing account of our own, item by item: direct debits (1220) and the accounting package (1190).

A batch of direct debits is one item: what was collected, less what came on the bank, less what was taken back and seen
there. On 1190 an item is what was not handed over yet: after that the package books the other side. What is older than
the items is one amount, out of the sums, so that the page does not grow with the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, literal, or_, select
from sqlalchemy.orm import aliased

from app.banking.match_models import BankMatch, MatchKind
from app.base.dates import add_months, month_start
from app.direct_debit.batch_models import DebitBatch, DebitItem
from app.extensions import db
from app.finance.books.models import HandOver
from app.ledger import queries, sums
from app.ledger.accounts import ACCOUNTING, CLEARING
from app.ledger.models import Account, JournalEntry, JournalLine

DEBITS = CLEARING["direct_debit"]
CODES = (DEBITS, ACCOUNTING)
LOOK_BACK = 14  # months: a direct debit can be taken back for thirteen (DOMAIN.md 1.5)
SHOWN = 100
_ONE = (MatchKind.COLLECTION, MatchKind.TAKEN_BACK)


@dataclass(frozen=True, slots=True)
class Item:
    """Signed cents that stand because of one thing, since its oldest booking. `batch` or `entry_id` leads to it."""

    cents: int
    since: date
    entry_id: int
    source_type: str
    batch: DebitBatch | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """`earlier` is what stands from before `start`: older, or handed over; `handed_over` of what is in between went to
    the accounting package since. `items` are the oldest of `count` that come to `open`."""

    code: str
    cents: int
    start: date
    earlier: int
    handed_over: int
    open: int
    count: int
    items: list[Item]

    @property
    def unexplained(self) -> int:
        """Anything but 0 is an error in the books."""
        return self.cents - self.earlier - self.handed_over - self.open


def standing(code: str, today: date) -> Standing:
    """Of 1220 or 1190, in a constant number of statements."""
    account = db.session.execute(select(Account.id).where(Account.code == code)).scalar()
    balance = queries.balances().get(code)
    if account is None or balance is None:
        return Standing(code, 0, today, 0, 0, 0, 0, [])
    start = _not_handed_over(account) if code == ACCOUNTING else add_months(month_start(today), -LOOK_BACK)
    lines = _debits(account, start) if code == DEBITS else _lines(account, start)
    found = lines.subquery()
    count, cents = db.session.execute(select(func.count(), func.coalesce(func.sum(found.c.cents), 0))).one()
    rows = db.session.execute(select(found).order_by(found.c.since, found.c.entry_id).limit(SHOWN)).all()
    handed = _handed_over(account, start) if code == ACCOUNTING else 0
    earlier = queries.balances(until=start).get(code)
    return Standing(
        code, balance.cents, start, earlier.cents if earlier else 0, handed, int(cents), int(count), _items(rows)
    )  # fmt: skip


def _items(rows: Sequence[Any]) -> list[Item]:
    ids = {row.batch_id for row in rows if row.batch_id}
    batches = {batch.id: batch for batch in db.session.scalars(select(DebitBatch).where(DebitBatch.id.in_(ids)))}
    return [
        Item(int(row.cents), row.since, row.entry_id, row.source_type, batches.get(row.batch_id)) for row in rows
    ]  # fmt: skip


def _debits(account: int, start: date) -> Any:
    """By batch, where the collection of a line is in one; else by the source of the entry. Those that come to nothing
    are settled."""
    by_gift, by_match = aliased(DebitItem), aliased(DebitItem)
    batch = case(
        (BankMatch.kind == MatchKind.DEBIT_BATCH, BankMatch.target_id),
        else_=func.coalesce(by_gift.batch_id, by_match.batch_id),
    )
    apart = case((batch.is_(None), JournalEntry.source_id))
    return (
        select(
            func.sum(JournalLine.cents).label("cents"), func.min(JournalLine.booked_on).label("since"),
            func.min(JournalEntry.id).label("entry_id"), func.min(JournalEntry.source_type).label("source_type"),
            batch.label("batch_id"),
        )
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .outerjoin(BankMatch, and_(JournalEntry.source_type == "bank_match", BankMatch.id == JournalEntry.source_id))
        .outerjoin(
            by_gift,
            and_(JournalEntry.source_type == "gift", by_gift.collection_id == JournalEntry.source_id, by_gift.live),
        )
        .outerjoin(
            by_match, and_(BankMatch.kind.in_(_ONE), by_match.collection_id == BankMatch.target_id, by_match.live)
        )
        .where(JournalLine.account_id == account, JournalLine.booked_on >= start)
        .group_by(batch, apart)
        .having(func.sum(JournalLine.cents) != 0)
    )  # fmt: skip


def _went() -> Any:
    """The last entry of each month that was handed over."""
    last = func.max(HandOver.last_entry_id).label("last")
    return select(HandOver.month, last).where(HandOver.taken_back_at.is_(None)).group_by(HandOver.month)


def _not_handed_over(account: int) -> date:
    """The first month of which something of this account was not handed over."""
    both = sums.coarse().subquery()
    booked = select(both.c.month, func.sum(both.c.line_count)).where(both.c.account_id == account)
    months = [month for month, _ in db.session.execute(booked.group_by(both.c.month).order_by(both.c.month))]
    went = {row.month for row in db.session.execute(_went())}
    left = [month for month in months if month not in went]
    return left[0] if left else add_months(months[-1], 1)


def _month(entry_day: Any) -> Any:
    """The first day of a booking date, as hand-overs name their month."""
    if db.engine.dialect.name == "sqlite":
        return func.strftime("%Y-%m-01", entry_day)
    return func.to_char(entry_day, literal("YYYY-MM-01"))


def _beside_hand_overs(account: int, start: date) -> tuple[Any, Any]:
    went = _went().subquery()
    joined = (
        select(JournalLine)
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .outerjoin(went, _month(JournalLine.booked_on) == _month(went.c.month))
        .where(JournalLine.account_id == account, JournalLine.booked_on >= start)
    )
    return joined, went.c.last


def _lines(account: int, start: date) -> Any:
    """By source: what was undone again comes to nothing. Only what was not handed over."""
    joined, last = _beside_hand_overs(account, start)
    return (
        joined.with_only_columns(
            func.sum(JournalLine.cents).label("cents"), func.min(JournalLine.booked_on).label("since"),
            func.min(JournalEntry.id).label("entry_id"), JournalEntry.source_type.label("source_type"),
            literal(0).label("batch_id"),
        )
        .where(or_(last.is_(None), JournalEntry.id > last))
        .group_by(JournalEntry.source_type, JournalEntry.source_id)
        .having(func.sum(JournalLine.cents) != 0)
    )  # fmt: skip


def _handed_over(account: int, start: date) -> int:
    joined, last = _beside_hand_overs(account, start)
    total = joined.with_only_columns(func.coalesce(func.sum(JournalLine.cents), 0)).where(JournalEntry.id <= last)
    return int(db.session.execute(total).scalar_one())
