"""What finance does by hand: a promised transfer came in, that was a mistake, or a gift came some other way."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.base.errors import NotFound, Refused
from app.base.money import Money
from app.base.states import N_
from app.extensions import db
from app.gifts import services
from app.gifts.models import BANK_TRANSFER, CASH, IN_KIND, WAIVED, Gift, GiftState
from app.payments import services as payments
from app.payments.models import Payment

MANUAL = "staff"
VIA = {BANK_TRANSFER: "bank", CASH: "cash"}  # where money that came by hand is
WAYS = (*VIA, IN_KIND, WAIVED)  # in which gifts are entered by hand


def load(gift_id: int) -> Gift:
    """The gift, or NotFound."""
    gift = db.session.get(Gift, gift_id)
    if gift is None:
        raise NotFound(N_("This gift is not there."))
    return gift


def receive(
    gift_id: int, *, amount: Money, received_on: date, bank_reference: str, actor: Actor, now: datetime
) -> None:
    """A promised transfer arrived; the payments room keeps the money, the gift follows in this transaction."""
    gift = load(gift_id)
    if gift.checkout_id is None:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=gift.state.label)
    payments.receive_by_hand(gift.checkout_id, amount, received_on, bank_reference, actor=actor, now=now)


def undo(gift_id: int, *, actor: Actor, now: datetime) -> None:
    """Take back what was entered by hand: a receipt becomes a promise again, another gift is crossed out.
    What was booked is reversed."""
    gift = load(gift_id)
    if gift.state is not GiftState.RECEIVED:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=gift.state.label)
    if gift.payment_id is None:
        services.cancel([gift_id], actor=actor, now=now)
    else:
        payments.undo_by_hand(gift.payment_id, "", actor=actor, now=now)


def may_undo(gift: Gift) -> bool:
    """Whether this gift was entered by hand and still stands whole."""
    if gift.state is not GiftState.RECEIVED or gift.refunded_cents:
        return False
    if gift.payment_id is None:
        return gift.checkout_id is None and gift.method in WAYS  # a direct debit goes back through the bank
    return db.session.execute(select(Payment.provider).where(Payment.id == gift.payment_id)).scalar() == "bank"
