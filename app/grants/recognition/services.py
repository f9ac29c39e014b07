"""Recognise what falls due with the costs. Inside the caller's `with writing():`; idempotent: what is
recognised already is compared with what should be, and only the difference is booked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import case, func, select

from app.base.actor import Actor
from app.base.dates import local_date, month_end, month_start
from app.extensions import db
from app.grants.awards.models import Grant, Recognition
from app.grants.instalments import booking
from app.grants.instalments.models import Instalment
from app.grants.recognition.models import GrantIncome
from app.grants.recognition.sources import by_month, costs
from app.grants.rows import cents_sum, locked_all
from app.grants.settlements.standing import IS_SETTLED, standing
from app.ledger import postings
from app.ledger import services as ledger
from app.ledger.entries import Entry
from app.ledger.queries import closed_months, grant_balance, grant_balances

BATCH = 50


def follow_all(*, after: int = 0, actor: Actor, now: datetime, limit: int = BATCH) -> int | None:
    """Some grants, in order of id; gives the last one's id to go on after, None when all were seen."""
    chosen = (
        select(Grant.id)
        .where(
            Grant.confirmed_at.is_not(None),
            Grant.recognition == Recognition.COSTS,
            Grant.id > after,
            ~IS_SETTLED,
        )
        .order_by(Grant.id)
        .limit(limit)
    )
    ids = list(db.session.execute(chosen).scalars())
    follow(ids, actor=actor, now=now)
    return ids[-1] if len(ids) == limit else None


def follow(grant_ids: Collection[int], *, actor: Actor, now: datetime) -> int:
    """Recognise what these grants spent and have not recognised yet; gives how many entries that took."""
    grants = {
        grant.id: grant
        for grant in locked_all(Grant, grant_ids)
        if grant.confirmed_at is not None and grant.recognition is Recognition.COSTS and standing(grant.id) is None
    }
    if not grants:
        return 0
    spent, most, done = costs(grants), _most(grants), _done(grants)
    today = local_date(now)
    rows: list[GrantIncome] = []
    for grant_id in sorted(grants):
        earned, known = by_month(spent[grant_id], most[grant_id]), done.get(grant_id, {})
        for month in sorted({*earned, *known}):
            recognised, times = known.get(month, (0, 0))
            if cents := earned.get(month, 0) - recognised:
                key = f"{grant_id}:{month:%Y-%m}:{times + 1}"
                row = GrantIncome(grant_id=grant_id, month=month, cents=cents, key=key, created_at=now)
                row.booked_on = max(min(month_end(month), today), grants[grant_id].decided_on)
                rows.append(row)
    _in_open_months(rows, today)
    db.session.add_all(rows)
    db.session.flush()
    ledger.post(_entries(rows, grants), actor=actor, now=now)
    return len(rows)


def take_back(grant: Grant, *, on: date, actor: Actor, now: datetime) -> None:
    """Reverse all that was recognised with the costs of a grant that is held."""
    standing_rows = select(GrantIncome).where(GrantIncome.grant_id == grant.id, GrantIncome.reversed_at.is_(None))
    for row in db.session.execute(standing_rows.order_by(GrantIncome.id)).scalars().all():
        ledger.reverse(source=("grant_income", row.id), on=on, actor=actor, now=now)
        row.reversed_at = now
    db.session.flush()


def book_anew(grant: Grant, *, actor: Actor, now: datetime) -> None:
    """After money was taken back: what was recognised out of an advance that is gone is receivable now."""
    if grant_balance(grant.id).received_ahead < 0:
        take_back(grant, on=local_date(now), actor=actor, now=now)
        follow([grant.id], actor=actor, now=now)


def _entries(rows: list[GrantIncome], grants: dict[int, Grant]) -> list[Entry]:
    stand = {row_id: (b.receivable, b.received_ahead) for row_id, b in grant_balances(list(grants)).items()}
    entries = []
    for row in rows:
        receivable, ahead = stand[row.grant_id]
        source, purpose = ("grant_income", row.id), booking.purpose(grants[row.grant_id])
        if row.cents > 0:
            used = booking.from_ahead(receivable, ahead, row.cents)
            entries.append(postings.grant_recognised(source, row.cents, row.booked_on, purpose, ahead_cents=used))
            stand[row.grant_id] = (receivable + row.cents - used, ahead - used)
        else:
            used = min(-row.cents, max(receivable, 0))
            entries.append(postings.grant_reduced(source, -row.cents, row.booked_on, purpose, receivable_cents=used))
            stand[row.grant_id] = (receivable - used, ahead - row.cents - used)
    return entries


def _in_open_months(rows: list[GrantIncome], today: date) -> None:
    """Costs of a month that is closed are income of today."""
    closed = closed_months({month_start(row.booked_on) for row in rows})
    for row in rows:
        if month_start(row.booked_on) in closed:
            row.booked_on = today


def _most(grant_ids: Collection[int]) -> dict[int, int]:
    """What each grant comes to at most, as far as is known: instalments settled lower count lower."""
    final = func.coalesce(Instalment.settled_cents, Instalment.amount_cents)
    chosen = select(Instalment.grant_id, cents_sum(final)).where(Instalment.grant_id.in_(grant_ids))
    found = {grant_id: int(cents) for grant_id, cents in db.session.execute(chosen.group_by(Instalment.grant_id))}
    return {grant_id: found.get(grant_id, 0) for grant_id in grant_ids}


def _done(grant_ids: Collection[int]) -> dict[int, dict[date, tuple[int, int]]]:
    """By grant and month: cents recognised and standing, and how many rows there ever were."""
    stands = cents_sum(case((GrantIncome.reversed_at.is_(None), GrantIncome.cents), else_=0))
    chosen = select(GrantIncome.grant_id, GrantIncome.month, stands, func.count())
    found: dict[int, dict[date, tuple[int, int]]] = {}
    grouped = chosen.where(GrantIncome.grant_id.in_(grant_ids)).group_by(GrantIncome.grant_id, GrantIncome.month)
    for grant_id, month, cents, times in db.session.execute(grouped):
        found.setdefault(grant_id, {})[month] = (int(cents), times)
    return found
