"""What happens to a recurring gift when a collection goes wrong: the plan of direct_debit/reasons.py, carried out."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import local_date
from app.base.events import on
from app.direct_debit import collections, mandates
from app.direct_debit.events import CollectionsWentWrong, MandatesConfirmed, MandatesRefused
from app.direct_debit.models import Collection
from app.direct_debit.queries import collections as read_collections
from app.direct_debit.reasons import Action, reason_of
from app.direct_debit.states import MandateState
from app.extensions import db
from app.gifts.recurring import changing, mails, schedule
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState

RETRY_AFTER = timedelta(days=7)  # past a pay day, and time to read the mail that says so
MOST_SENDS = 5  # of what never reached the provider
_MANDATE = {
    Action.ASK_ACCOUNT: MandateState.SUSPENDED,
    Action.DECEASED: MandateState.SUSPENDED,
    Action.STOP: MandateState.REVOKED,
}


@on(CollectionsWentWrong)
def went_wrong(event: CollectionsWentWrong) -> None:
    """Try again, hold or stop, by the code; and tell the donor why, where the plan says so."""
    for collection in read_collections(event.ids):
        _deal_with(collection, event.actor, event.at)


@on(MandatesConfirmed)
def confirmed(event: MandatesConfirmed) -> None:
    """What waited for a mandate begins."""
    changing.activate(event.ids, actor=event.actor, now=event.at)


@on(MandatesRefused)
def refused(event: MandatesRefused) -> None:
    """The provider found a mandate invalid: somebody asks for another."""
    waiting = select(Commitment.id).where(Commitment.mandate_id.in_(event.ids))
    for commitment_id in db.session.execute(waiting).scalars().all():
        changing.hold(commitment_id, "mandate invalid", actor=event.actor, now=event.at)


def _deal_with(collection: Collection, actor: Actor, now: datetime) -> None:
    commitment = db.session.get(Commitment, collection.commitment_id, populate_existing=True)
    if commitment is None:
        return
    action = reason_of(collection.reason_code).action
    retry_on = _retry(collection, commitment, action, now)
    if retry_on is None:
        if action in _MANDATE:
            mandates.stop(collection.mandate_id, _MANDATE[action], collection.reason_code or "", actor=actor, now=now)
        changing.hold(commitment.id, collection.reason_code or "", actor=actor, now=now)
    elif action is Action.AGAIN:
        collections.mark_handled(collection.id, now=now)
    mails.failed(commitment, collection, retry_on, now=now)


def _retry(collection: Collection, commitment: Commitment, action: Action, now: datetime) -> date | None:
    """The day of another attempt; None where there is none."""
    if commitment.state not in (CommitmentState.ACTIVE, CommitmentState.PENDING):
        return None
    today = local_date(now)
    if action is Action.AGAIN and collection.attempt < MOST_SENDS:
        day = schedule.collect_day(today + timedelta(days=1))
    elif action is Action.RETRY and collection.attempt == 1:
        day = schedule.collect_day(today + RETRY_AFTER)
    else:
        return None
    return day if collections.plan_again(collection, day, now=now) is not None else None
