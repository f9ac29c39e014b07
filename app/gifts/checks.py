"""What `flask ledger check` asks of the gifts: each received one posted once, totals equal, nothing astray."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from app.base.references import code_of
from app.extensions import db
from app.gifts import totals
from app.gifts.models import HELD, Gift, GiftState
from app.ledger.checks import posted_cents, register
from app.ledger.models import Event, JournalEntry
from app.payments.models import Payment
from app.payments.states import PaymentState

_SHOWN = 25


def init() -> None:
    register("Every received gift is posted once", posted_once)
    register("Gifts and the ledger come to the same", same_sum)
    register("Every payment has its gift", payments_have_gifts)
    register("Supporters' totals equal their gifts", totals_equal)


def posted_once() -> Iterable[str]:
    """Receipts booked and not reversed, per gift: one for a received gift, none for any other."""
    reversal = JournalEntry.__table__.alias("reversal")
    live = (
        select(JournalEntry.source_id.label("gift_id"), func.count().label("times"))
        .where(
            JournalEntry.source_type == "gift",
            JournalEntry.event == Event.GIFT_RECEIVED,
            JournalEntry.key.not_like("%:again-%"),
            ~select(reversal.c.id)
            .where(reversal.c.reverses_id == JournalEntry.id, reversal.c.source_id == JournalEntry.source_id,
                   reversal.c.source_type == "gift")
            .exists(),
        )
        .group_by(JournalEntry.source_id)
        .subquery()
    )  # fmt: skip
    times = func.coalesce(live.c.times, 0)
    wrong = (
        select(Gift.id, Gift.state, times)
        .outerjoin(live, live.c.gift_id == Gift.id)
        .where((Gift.state.in_(HELD) & (times != 1)) | (Gift.state.not_in(HELD) & (times != 0)))
        .limit(_SHOWN)
    )
    for gift_id, state, count in db.session.execute(wrong):
        yield f"gift {code_of(gift_id)} is {state.value} and was posted {count} times"
    astray = (
        select(live.c.gift_id).outerjoin(Gift, Gift.id == live.c.gift_id).where(Gift.id.is_(None)).limit(_SHOWN)
    )  # fmt: skip
    for (gift_id,) in db.session.execute(astray):
        yield f"gift {gift_id} was posted and is not there"


def same_sum() -> Iterable[str]:
    kept = (
        select(func.coalesce(func.sum(Gift.amount_cents - Gift.refunded_cents), 0))
        .where(Gift.state.in_(HELD))
        .scalar_subquery()
    )
    gifts, booked = db.session.execute(select(kept, posted_cents("gift"))).one()
    if gifts != booked:
        yield f"gifts keep {gifts} cents, the ledger has {booked} cents of income from them"


def payments_have_gifts() -> Iterable[str]:
    """Money that is held has a gift of the same amount."""
    wrong = (
        select(Payment.id, Payment.amount_cents, Gift.amount_cents)
        .outerjoin(Gift, (Gift.id == Payment.checkout_id) & (Gift.payment_id == Payment.id))
        .where(
            Payment.state != PaymentState.UNDONE,
            Gift.id.is_(None) | (Gift.amount_cents != Payment.amount_cents) | (Gift.state == GiftState.PROMISED),
        )
        .limit(_SHOWN)
    )
    for payment_id, paid, given in db.session.execute(wrong):
        yield f"payment {payment_id} of {paid} cents has " + (
            "no gift" if given is None else f"a gift of {given} cents"
        )


def totals_equal() -> Iterable[str]:
    rows = totals.both().subquery()
    summed = select(rows.c.supporter_id, func.sum(rows.c.cents).label("cents")).group_by(rows.c.supporter_id).subquery()
    given = (
        select(Gift.supporter_id, func.sum(Gift.amount_cents - Gift.refunded_cents).label("cents"))
        .where(Gift.state.in_(HELD))
        .group_by(Gift.supporter_id)
        .subquery()
    )
    by_gifts = (
        select(given.c.supporter_id, given.c.cents, func.coalesce(summed.c.cents, 0))
        .outerjoin(summed, summed.c.supporter_id == given.c.supporter_id)
        .where(given.c.cents != func.coalesce(summed.c.cents, 0))
        .limit(_SHOWN)
    )
    for supporter_id, cents, total in db.session.execute(by_gifts):
        yield f"supporter {code_of(supporter_id)} gave {cents} cents, the total says {total}"
    by_totals = (
        select(summed.c.supporter_id, summed.c.cents)
        .outerjoin(given, given.c.supporter_id == summed.c.supporter_id)
        .where(given.c.supporter_id.is_(None), summed.c.cents != 0)
        .limit(_SHOWN)
    )
    for supporter_id, total in db.session.execute(by_totals):
        yield f"supporter {code_of(supporter_id)} gave nothing, the total says {total}"
