"""Giving a gift back: through the provider that has the money, or recorded when the bank or the cash box paid it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.money import Money
from app.base.states import N_
from app.direct_debit.sending import METHOD
from app.extensions import db
from app.gifts import services
from app.gifts.by_hand import VIA, load
from app.gifts.models import HELD, Gift, GiftStep
from app.payments import services as payments
from app.payments.models import Payment

BY_HAND = "bank"
# Where the money that goes back is: what we collected ourselves goes back by a transfer.
_FROM = VIA | {METHOD: "bank"}


def way_back(gift: Gift) -> str | None:
    """The provider that can give this gift back, "bank" where people do it themselves, None where nothing can."""
    if gift.state not in HELD or not gift.kept_cents:
        return None
    return first_way(gift)


def first_way(gift: Gift) -> str | None:
    """The same, whatever went back since."""
    if gift.payment_id is not None:
        return db.session.execute(select(Payment.provider).where(Payment.id == gift.payment_id)).scalar()
    return BY_HAND if gift.method in _FROM else None


def ask_provider(key: int, gift_id: int, amount: Money, reason: str, *, actor: Actor, now: datetime) -> None:
    """Keep the wish to refund, inside `with writing():`; `payments.send_refund(key)` then asks for it."""
    gift = load(gift_id)
    if gift.payment_id is None or first_way(gift) in (None, BY_HAND):
        raise Refused(N_("This gift did not come through a payment provider."))
    payments.ask_refund(key, gift.payment_id, amount, reason, actor=actor, now=now)


def record(
    key: int, gift_id: int, amount: Money, on: date, bank_reference: str, reason: str, *, actor: Actor, now: datetime
) -> None:
    """Record what we paid back ourselves and book it. `key` is made with the form: recorded once."""
    gift = db.session.execute(select(Gift).where(Gift.id == load(gift_id).id).with_for_update()).scalar_one()
    if gift.payment_id is not None:
        payments.refund_by_hand(key, gift.payment_id, amount, on, bank_reference, reason, actor=actor, now=now)
        return
    if (there := db.session.get(GiftStep, key)) is not None:
        if (there.gift_id, there.cents) != (gift_id, -amount.cents):
            raise Refused(N_("This form was sent before with another content. Please open it again."))
        return
    if way_back(gift) is None:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=gift.state.label)
    if not 0 < amount.cents <= gift.kept_cents:
        raise Invalid(N_("At most %(most)s can go back."), field="amount", most=Money(gift.kept_cents))
    if on > local_date(now):
        raise Invalid(N_("This day is still to come."), field="refunded_on")
    back = services.Return(
        gift_id=gift_id, cents=amount.cents, on=on, via=_FROM[gift.method], part=str(key), step_id=key,
        reference=" · ".join(text for text in (bank_reference, reason) if text)[:140],
    )  # fmt: skip
    services.give_back([back], actor=actor, now=now)
