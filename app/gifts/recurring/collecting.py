"""What recurring gifts say to batches of direct debits, and the gifts that come of them.

A gift has the id of its collection, as one through a provider has: that makes it one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from app.base.events import on
from app.direct_debit import queries as direct_debit
from app.direct_debit.events import CollectionsBooked, CollectionsTakenBack
from app.direct_debit.models import Collection
from app.direct_debit.obstacles import Wish, obstacle
from app.direct_debit.sending import METHOD, SOURCE
from app.direct_debit.states import LeftOut
from app.extensions import db
from app.gifts import services
from app.gifts.entering import lines_of
from app.gifts.models import HELD, Gift
from app.gifts.recurring import changing
from app.gifts.recurring.models import Commitment, CommitmentChange
from app.gifts.recurring.states import ChangeKind, CommitmentState, EndReason, Frequency
from app.ledger import postings


@obstacle
def not_now(wishes: Sequence[Wish], day: date) -> Mapping[int, LeftOut]:
    """What belongs to a gift that is not active on this day, or was not told of in time: a notice of that very
    amount whose first day is not after this one."""
    ids = {wish.commitment_id for wish in wishes}
    states = db.session.execute(
        select(Commitment.id, Commitment.state, Commitment.resume_on).where(Commitment.id.in_(ids))
    ).all()
    active = {
        row.id
        for row in states
        if row.state is CommitmentState.ACTIVE
        or (row.state is CommitmentState.PAUSED and row.resume_on and row.resume_on <= day)
    }
    notices = select(CommitmentChange.commitment_id, CommitmentChange.cents).where(
        CommitmentChange.commitment_id.in_(ids), CommitmentChange.kind == ChangeKind.NOTICE,
        CommitmentChange.on_date <= day,
    )  # fmt: skip
    told = {(row.commitment_id, row.cents) for row in db.session.execute(notices)}
    wrong = {w.collection_id: LeftOut.NOT_TOLD for w in wishes if (w.commitment_id, w.cents) not in told}
    return wrong | {w.collection_id: LeftOut.NOT_ACTIVE for w in wishes if w.commitment_id not in active}


@on(CollectionsBooked)
def booked(event: CollectionsBooked) -> None:
    """The money of our own direct debits came: a gift for each, booked together, on clearing until the bank
    line is explained."""
    rows = _collections(event.ids)
    donors = direct_debit.supporters_of(event.ids)
    lines = lines_of(sorted(set(donors.values())))
    services.make(
        [
            services.NewGift(
                id=row.id, supporter_id=donors[row.id], amount_cents=row.amount_cents, gift_date=event.on,
                method=METHOD, source=SOURCE, rj_line=lines[donors[row.id]], via=postings.BY_DEBIT,
                programme_id=row.programme_id, campaign_id=row.campaign_id,
            )
            for row in rows
        ],
        actor=event.actor,
        now=event.at,
    )  # fmt: skip
    single = select(Commitment.id).where(
        Commitment.id.in_({row.commitment_id for row in rows}), Commitment.frequency == Frequency.ONCE,
        Commitment.state != CommitmentState.ENDED,
    )  # fmt: skip
    for commitment_id in db.session.execute(single.order_by(Commitment.id)).scalars().all():
        changing.end(commitment_id, EndReason.DONE, actor=event.actor, now=event.at)


@on(CollectionsTakenBack)
def taken_back(event: CollectionsTakenBack) -> None:
    """The bank took money back: its gift is charged back with a counter entry, and stays to be seen. Where we paid
    back too, only what is left goes off the gift; the rest stays on clearing, for people to ask the donor about."""
    gifts = select(Gift).where(Gift.id.in_(event.ids), Gift.state.in_(HELD)).order_by(Gift.id)
    services.give_back(
        [
            services.Return(
                gift_id=gift.id, cents=gift.kept_cents, on=event.on, via=postings.BY_DEBIT,
                part=f"return-{event.on}", charged_back=True,
            )
            for gift in db.session.scalars(gifts)
            if gift.kept_cents
        ],
        actor=event.actor,
        now=event.at,
    )  # fmt: skip


def _collections(ids: Iterable[int]) -> list[Any]:
    columns = (
        Collection.id,
        Collection.commitment_id,
        Collection.amount_cents,
        Collection.programme_id,
        Collection.campaign_id,
    )
    return list(db.session.execute(select(*columns).where(Collection.id.in_(list(ids))).order_by(Collection.id)).all())
