"""A few recurring donors for the demo: active, paused, by our own mandate, and one whose collection failed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import literal, select

from app.base.actor import system
from app.base.dates import local_date
from app.base.events import publish
from app.base.ids import new_ids
from app.demo.people import people
from app.direct_debit import collections, consent, mandates
from app.direct_debit.events import CollectionsWentWrong
from app.direct_debit.models import Collection
from app.direct_debit.states import CollectionState, ConsentHow
from app.extensions import db
from app.gifts.recurring import changing, schedule
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.starting import NewCommitment, begin
from app.gifts.recurring.states import Frequency
from app.supporters.services import create_people

LOADER = system("demo")
M, Q, Y = Frequency.MONTHLY, Frequency.QUARTERLY, Frequency.YEARLY
# (cents, how often, day of the month, days since it began)
GIFTS = (
    (1000, M, 1, 6), (1500, M, 15, 12), (2500, M, 28, 9), (750, M, 31, 15), (12000, Y, 5, 20), (5000, Q, 10, 18),
    (2000, M, 27, 3), (1250, M, 20, 40),
)  # fmt: skip
IBAN = "NL91ABNA0417164300"  # the example of every manual
_OWN, _PAUSED, _FAILED = 5, 6, 7


def load(*, now: datetime) -> None:
    """Make them, inside `with writing():`."""
    who = create_people(list(people(len(GIFTS), 77)), actor=LOADER, now=now, look_for_doubles=False)
    today, ids = local_date(now), new_ids(len(GIFTS))
    drafts = [
        mandates.ProviderMandateDraft(
            supporter_id=supporter_id, provider="demo", customer_key=f"demo_cst_{row_id}",
            mandate_key=f"demo_mdt_{row_id}", signed_on=today - timedelta(days=ago), language="nl",
        )
        for supporter_id, row_id, (_, _, _, ago) in zip(who, ids, GIFTS, strict=True)
    ]  # fmt: skip
    own = mandates.OwnMandateDraft(
        supporter_id=who[_OWN], iban=IBAN, holder="Voorbeeld", signed_on=today - timedelta(days=18),
        how=ConsentHow.PAPER, text_version=consent.CURRENT, language="nl", note="archief, map 1",
    )  # fmt: skip
    kept = mandates.keep_from_provider([d for i, d in enumerate(drafts) if i != _OWN], actor=LOADER, now=now)
    kept.insert(_OWN, mandates.sign([own], actor=LOADER, now=now)[0])
    begin(
        [
            NewCommitment(
                id=row_id, supporter_id=giver, mandate_id=mandate_id, frequency=frequency, day=day, cents=cents,
                started_on=today - timedelta(days=ago), source="demo", language="nl", paid=True,
            )
            for row_id, giver, mandate_id, (cents, frequency, day, ago) in zip(ids, who, kept, GIFTS, strict=True)
        ],
        actor=LOADER,
        now=now,
    )  # fmt: skip
    changing.pause(ids[_PAUSED], today + timedelta(days=75), actor=LOADER, now=now)
    _fail(ids[_FAILED], GIFTS[_FAILED][0], now)


def _fail(commitment_id: int, cents: int, now: datetime) -> None:
    """Last week's collection: the bank said that the account is closed."""
    source = select(
        Commitment.id.label("commitment_id"), Commitment.mandate_id, literal(cents).label("amount_cents"),
        Commitment.programme_id, Commitment.campaign_id,
    ).subquery()  # fmt: skip
    on = schedule.collect_day(local_date(now) - timedelta(days=7))
    collections.plan(source, [commitment_id], period=schedule.period_of(on), collect_on=on, now=now)
    wanted = select(Collection.id).where(Collection.commitment_id == commitment_id)
    made = db.session.execute(wanted).scalars().all()
    collections.move(made, CollectionState.SENT, actor=LOADER, now=now)
    reasons: dict[int, str | None] = dict.fromkeys(made, "AC04")
    moved = collections.move(made, CollectionState.FAILED, actor=LOADER, now=now, reasons=reasons)
    publish(CollectionsWentWrong(ids=tuple(moved), actor=LOADER, at=now))
