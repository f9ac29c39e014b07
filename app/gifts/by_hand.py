"""What finance does by hand: a promised transfer came in, that was a mistake, or a gift came some other way."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.money import Money
from app.base.states import N_
from app.extensions import db
from app.gifts import services
from app.gifts.models import BANK_TRANSFER, CASH, Gift, GiftState
from app.ledger.rj import RjLine
from app.payments import services as payments
from app.payments.models import Payment
from app.supporters import queries as supporters
from app.supporters.models import Kind, Role

MANUAL = "staff"
VIA = {BANK_TRANSFER: "bank", CASH: "cash"}


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
        return gift.source == MANUAL
    return db.session.execute(select(Payment.provider).where(Payment.id == gift.payment_id)).scalar() == "bank"


def enter(
    supporter_id: int,
    *,
    amount: Money,
    given_on: date,
    method: str,
    programme_id: int | None,
    campaign_id: int | None,
    bank_reference: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Enter a gift that came by transfer or in cash, and book it. Gives its id."""
    if method not in VIA:
        raise Invalid(N_("Please choose one of the options."), field="method")
    if amount.cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    if given_on > local_date(now):
        raise Invalid(N_("This day is still to come."), field="given_on")
    gift = services.NewGift(
        supporter_id=supporter_id,
        amount_cents=amount.cents,
        gift_date=given_on,
        method=method,
        source=MANUAL,
        rj_line=line_of(supporter_id),
        via=VIA[method],
        programme_id=programme_id,
        campaign_id=campaign_id,
        bank_reference=bank_reference or None,
    )
    return services.make([gift], actor=actor, now=now)[0]


def line_of(supporter_id: int) -> RjLine:
    """The RJ 650 line by where the money comes from: people, companies, government, other organisations."""
    supporter = supporters.get(supporter_id)
    if supporter.kind is Kind.PERSON:
        return RjLine.INDIVIDUALS
    roles = supporters.roles_of([supporter_id]).get(supporter_id, set())
    if Role.GOVERNMENT in roles:
        return RjLine.GOVERNMENT
    if roles & {Role.PARTNER, Role.LEAD, Role.CHURCH, Role.SCHOOL, Role.FUNDER} and Role.COMPANY not in roles:
        return RjLine.NON_PROFITS
    return RjLine.COMPANIES
