"""How payments become gifts: handlers of what the payments room tells, in its transaction.

A checkout that is paid or promised makes a supporter and a gift with the checkout's own id; paid
after promised makes the promised gift received. Everything here may be told twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import bindparam, select

from app.base.actor import Actor
from app.base.dates import local_date
from app.base.events import on
from app.direct_debit import queries as direct_debit
from app.extensions import db
from app.gifts import mails, services, words
from app.gifts.donors import Giver, find_or_create
from app.gifts.models import BANK_TRANSFER, HELD, Gift
from app.ledger import postings
from app.ledger import services as ledger
from app.ledger.periods import open_days
from app.ledger.rj import RjLine
from app.payments.by_hand import BY_STATEMENT
from app.payments.events import (
    CheckoutsPaid,
    CheckoutsPromised,
    PaymentsChargedBack,
    PaymentsRefunded,
    PaymentsUndone,
)
from app.payments.models import Checkout, Payment
from app.payments.providers.registry import BANK
from app.payments.queries import CheckoutFacts, facts_of, returns_of
from app.payments.services import assign_supporters
from app.payments.states import PaymentEventKind
from app.payments.states import Sequence as PaymentSequence
from app.supporters import newsletter
from app.supporters.models import Supporter

STEUN_ONS = "steun-ons"
_LOCKED = (
    select(Gift)
    .where(Gift.id.in_(bindparam("ids", expanding=True)))
    .with_for_update()
    .execution_options(populate_existing=True)
)
UNKNOWN = "Onbekende gever"  # money whose giver's details are gone is still money


@on(CheckoutsPromised)
def promised(event: CheckoutsPromised) -> None:
    """A donor will transfer the money: a promised gift, and a mail that says how."""
    facts = facts_of(event.ids)
    supporters = _supporters(facts, event.actor, event.at)
    made = services.make(
        [_new_gift(f, supporters[f.id], via=None, at=event.at) for f in facts], actor=event.actor, now=event.at
    )
    words.keep([f for f in facts if f.id in set(made)], supporters)
    _ask_for_news([f for f in facts if f.id in set(made)], event.at)
    mails.how_to_transfer([f for f in facts if f.id in set(made)], supporters, now=event.at)


@on(CheckoutsPaid)
def paid(event: CheckoutsPaid) -> None:
    """Money came in: of a promised gift, or of one that is not there yet."""
    facts = facts_of(event.ids)
    there = _gifts([f.id for f in facts])
    waiting = [f for f in facts if f.id in there and there[f.id].state not in HELD]
    new = [f for f in facts if f.id not in there]
    booked_on = _booked_on(facts, event.at)
    services.receive(
        [
            services.Receipt(
                gift_id=f.id, cents=_received(f), on=_day(f, event.at), via=_via(f), payment_id=f.payment_id,
                bank_reference=f.provider_id, booked_on=booked_on.get(f.id),
            )
            for f in waiting
        ],
        actor=event.actor,
        now=event.at,
    )  # fmt: skip
    supporters = _supporters(new, event.actor, event.at)
    made = services.make(
        [
            _new_gift(f, supporters[f.id], via=_via(f), at=event.at, booked_on=booked_on.get(f.id))
            for f in new
        ],
        actor=event.actor,
        now=event.at,
    )  # fmt: skip
    words.keep([f for f in new if f.id in set(made)], supporters)
    _book_fees(facts, booked_on, event.actor, event.at)
    supporters |= {f.id: there[f.id].supporter_id for f in waiting}
    assign_supporters({f.payment_id: supporters[f.id] for f in facts if f.payment_id and f.id in supporters})
    _ask_for_news(new, event.at)
    # Who gives each month is thanked once a year, not at each collection: a notice told of it.
    mails.thanks([f for f in (*new, *waiting) if f.sequence is not PaymentSequence.RECURRING], supporters, now=event.at)


@on(PaymentsUndone)
def undone(event: PaymentsUndone) -> None:
    """Finance took back a receipt recorded by hand: the gift is promised again, for what was promised."""
    rows = db.session.execute(
        select(Gift.id, Checkout.amount_cents)
        .join(Checkout, Checkout.id == Gift.checkout_id)
        .where(Gift.payment_id.in_(event.ids), Gift.state.in_(HELD))
    )
    services.undo_receipts({row.id: row.amount_cents for row in rows}, actor=event.actor, now=event.at)


@on(PaymentsRefunded)
def refunded(event: PaymentsRefunded) -> None:
    """We sent money back, or that failed after all."""
    _returned(event)


@on(PaymentsChargedBack)
def charged_back(event: PaymentsChargedBack) -> None:
    """The donor's bank took money back, or gave it again."""
    _returned(event)


def _returned(event: PaymentsRefunded | PaymentsChargedBack) -> None:
    facts = returns_of(event.ids)
    gifts = _gifts([f.checkout_id for f in facts])
    payments = {f.payment_id for f in facts}
    via = dict(db.session.execute(select(Payment.id, Payment.provider).where(Payment.id.in_(payments))).all())
    told = {local_date(f.at) for f in facts if via[f.payment_id] != BANK}
    opened = open_days(told, local_date(event.at))
    services.give_back(
        [
            services.Return(
                gift_id=f.checkout_id, cents=f.amount_cents, on=local_date(f.at), via=via[f.payment_id],
                part=str(f.id), charged_back=f.kind is PaymentEventKind.CHARGEBACK,
                booked_on=None if via[f.payment_id] == BANK else opened[local_date(f.at)],
            )
            for f in facts
            if f.checkout_id in gifts
        ],
        actor=event.actor,
        now=event.at,
    )  # fmt: skip


def _gifts(ids: Iterable[int]) -> dict[int, Gift]:
    return {gift.id: gift for gift in db.session.execute(_LOCKED, {"ids": list(ids)}).scalars()}


def _supporters(facts: Sequence[CheckoutFacts], actor: Actor, now: datetime) -> dict[int, int]:
    """The supporter of each checkout, by checkout id."""
    collected = direct_debit.supporters_of([f.id for f in facts if f.sequence is PaymentSequence.RECURRING])
    collected |= _told(facts)
    typed = [f for f in facts if f.id not in collected]
    made = find_or_create([_giver(f) for f in typed], actor=actor, now=now)
    return collected | dict(zip((f.id for f in typed), made, strict=True))


def _told(facts: Sequence[CheckoutFacts]) -> dict[int, int]:
    """Who gives where a page of one donor began the checkout; who was merged since is the one that stayed."""
    told = {f.id: int(f.details["supporter_id"]) for f in facts if f.details.get("supporter_id")}
    rows = select(Supporter.id, Supporter.merged_into_id).where(Supporter.id.in_(told.values()))
    stayed = {row.id: row.merged_into_id or row.id for row in db.session.execute(rows)} if told else {}
    return {checkout_id: stayed[i] for checkout_id, i in told.items() if i in stayed}


def _giver(f: CheckoutFacts) -> Giver:
    typed = {name: str(value) for name, value in f.details.items()}
    # Who has a single name typed that one alone.
    nameless = "" if typed.get("first_name") else f.consumer.get("name") or UNKNOWN
    return Giver(
        first_name=typed.get("first_name", ""),
        infix=typed.get("infix", ""),
        last_name=typed.get("last_name") or nameless,
        email=typed.get("email", ""),
        language=f.language,
        source=typed.get("source", STEUN_ONS),
        organisation=typed.get("organisation", ""),
    )


def _new_gift(
    f: CheckoutFacts, supporter_id: int, *, via: str | None, at: datetime, booked_on: date | None = None
) -> services.NewGift:
    return services.NewGift(
        id=f.id,
        supporter_id=supporter_id,
        amount_cents=_received(f) if via else f.amount_cents,
        gift_date=_day(f, at) if via else local_date(at),
        method=f.method or BANK_TRANSFER,
        source=str(f.details.get("source", STEUN_ONS))[:30],
        # Most organisations that give by the form are companies; staff can tell of a fund or a church.
        rj_line=RjLine.COMPANIES if f.details.get("organisation") else RjLine.INDIVIDUALS,
        via=via,
        booked_on=booked_on,
        programme_id=f.programme_id,
        campaign_id=f.campaign_id,
        checkout_id=f.id,
        payment_id=f.payment_id,
    )


def _via(f: CheckoutFacts) -> str:
    """Where the money is: at the provider, on the bank, or in suspense where a statement brought it."""
    return postings.BY_STATEMENT if f.mode == BY_STATEMENT else f.provider


def _received(f: CheckoutFacts) -> int:
    return f.received_cents if f.received_cents is not None else f.amount_cents


def _day(f: CheckoutFacts, at: datetime) -> date:
    return local_date(f.paid_at or at)


def _ask_for_news(facts: Sequence[CheckoutFacts], now: datetime) -> None:
    """Who ticked the box gets a mail to confirm it; nothing is sent before that."""
    for f in facts:
        if f.details.get("newsletter") and f.details.get("email"):
            newsletter.request(str(f.details["email"]), _giver(f).first_name, f.language, STEUN_ONS, now)


def _booked_on(facts: Sequence[CheckoutFacts], at: datetime) -> dict[int, date]:
    """By checkout, the day in the books of money that a provider has: it may be told of when the month is closed, and
    is then booked in the next. What people record is refused there, since they can choose another day."""
    days = {f.id: _day(f, at) for f in facts if f.provider != BANK}
    opened = open_days(days.values(), local_date(at))
    return {checkout_id: opened[day] for checkout_id, day in days.items()}


def _book_fees(facts: Sequence[CheckoutFacts], booked_on: dict[int, date], actor: Actor, now: datetime) -> None:
    """What the provider withheld, where it says so."""
    entries = [
        postings.payment_fee(
            ("payment", f.payment_id), f.fee_cents, booked_on.get(f.id) or _day(f, now), provider=f.provider
        )
        for f in facts
        if f.fee_cents and f.payment_id is not None
    ]
    ledger.post(entries, actor=actor, now=now)
