"""Planning: instalments that are due within days become collections, many at once.

Commitments that fall due alike (same rhythm, day and dates) are one group; a group is planned in
bounded batches of three statements. Only what is active, announced and has a donor who can still
give is planned. The key of commitment and period makes it once, whoever plans and whatever the
clock says; commitments move on to their next due day in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.base.actor import system
from app.base.dates import local_date
from app.base.works import Payload, periodic
from app.direct_debit import building, collections
from app.direct_debit.models import Mandate
from app.direct_debit.obstacles import APART
from app.direct_debit.states import MandateState
from app.extensions import db, now
from app.extensions.sql import among
from app.extensions.transactions import writing_in_bulk
from app.gifts.recurring import changing, schedule
from app.gifts.recurring.amounts import amount_on
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState, Frequency
from app.supporters.models import Supporter

PLANNER = system("planning")
AHEAD = timedelta(days=7)  # a bank wants a file a business day before; Easter and Christmas take five
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Group:
    """Commitments that fall due alike."""

    frequency: Frequency
    day: int
    next_on: date
    collect_on: date

    @property
    def rows(self) -> Any:
        """Which commitments those are."""
        return (
            (Commitment.state == CommitmentState.ACTIVE)
            & (Commitment.collect_on == self.collect_on)
            & (Commitment.next_on == self.next_on)
            & (Commitment.frequency == self.frequency)
            & (Commitment.day == self.day)
        )


_source = (
    select(
        Commitment.id.label("commitment_id"),
        Commitment.mandate_id,
        Commitment.noticed_cents.label("amount_cents"),  # what was announced is what is collected
        Commitment.programme_id,
        Commitment.campaign_id,
    )
).subquery()


@periodic("recurring.plan", every=timedelta(hours=1))
def plan_due(_: Payload) -> None:
    """Resume what was paused until today, end what can no longer be, and plan what is due."""
    changing.resume_due(actor=PLANNER)
    changing.end_for_gone(actor=PLANNER)
    plan_until(local_date(now()) + AHEAD)


@building.planner
def plan_for_batch(until: date, bounded: Callable[[], AbstractContextManager[Any]]) -> None:
    """Plan what a batch of this day may take: mandates signed or taken in since the job ran. For a day further ahead
    one instalment of each gift at most, however often the batch is built: nobody is debited two at once by that."""
    near = local_date(now()) + AHEAD
    changing.resume_due(actor=PLANNER)
    plan_until(min(until, near), bounded=bounded)
    if until > near:
        plan_until(until, bounded=bounded, alone=True)


def plan_until(
    until: date, *, batch: int = BATCH, bounded: Callable[[], AbstractContextManager[Any]] = writing_in_bulk,
    alone: bool = False,
) -> int:  # fmt: skip
    """Plan all that is to be collected up to and including this day; how many collections were new. `alone`: nothing
    for a gift of which an instalment is planned already.
    May be stopped and started again at any moment. Opens its own transactions, one for each batch."""
    planned = 0
    for group in _groups(until):
        last = 0
        while True:
            with bounded():
                ids = _take(group, last, batch, alone=alone)
                planned += _plan(group, ids, now()) if ids else 0
            if len(ids) < batch:
                break
            last = ids[-1]
    return planned


def _groups(until: date) -> list[Group]:
    columns = (Commitment.frequency, Commitment.day, Commitment.next_on, Commitment.collect_on)
    found = db.session.execute(
        select(*columns)
        .where(Commitment.state == CommitmentState.ACTIVE, Commitment.collect_on <= until)
        .distinct()
        .order_by(Commitment.collect_on, Commitment.next_on)
    ).all()
    db.session.rollback()
    return [Group(*row) for row in found]


def _take(group: Group, last: int, batch: int, *, alone: bool) -> list[int]:
    """The next commitments of this group that may be planned, locked."""
    able: list[Any] = [
        group.rows,
        Commitment.id > last,
        Commitment.notice_from <= group.collect_on,
        Commitment.noticed_cents == amount_on(group.next_on),
        Mandate.state == MandateState.ACTIVE,
        Supporter.is_deceased.is_(False),
        Supporter.anonymised_at.is_(None),
    ]
    if alone:
        able.append(~collections.is_planned(Commitment.id))
    if group.frequency is Frequency.ONCE:
        able.append(~collections.was_planned(Commitment.id))
    return list(
        db.session.execute(
            select(Commitment.id)
            .join(Mandate, Mandate.id == Commitment.mandate_id)
            .join(Supporter, Supporter.id == Commitment.supporter_id)
            .where(*able)
            .order_by(Commitment.id)
            .limit(batch)
            .with_for_update(of=Commitment)
        ).scalars()
    )


def _plan(group: Group, ids: list[int], at: datetime) -> int:
    period = schedule.period_of(group.next_on)
    # Never in the past: what was held up is collected on the first bank day that is still to come.
    collect_on = max(group.collect_on, schedule.collect_day(local_date(at)))
    made = collections.plan(_source, ids, period=period, collect_on=collect_on, now=at)
    if group.frequency is Frequency.ONCE:
        return made  # it stays as it is until it is collected, and ends then
    due = schedule.following(group.next_on, group.frequency, group.day)
    # Whoever is behind is not asked for two instalments within days of each other.
    next_collect = schedule.collect_day(due, collect_on + APART)
    db.session.execute(
        update(Commitment).where(among(Commitment.id, ids)).values(next_on=due, collect_on=next_collect),
        execution_options={"synchronize_session": False},
    )
    return made
