"""What each amount of a payout is with us: found by the provider's own id, compared to the cent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.banking.payouts.models import Payout, PayoutPart, PayoutState
from app.base.states import N_, Labelled
from app.extensions import db
from app.ledger.accounts import CLEARING
from app.payments.keys import key_of
from app.payments.models import Payment, PaymentEvent, ProviderKey
from app.payments.providers.settlements import PartKind

_CHUNK = 500
LIVE = (PayoutState.WAITING, PayoutState.BOOKED)
PROVIDERS = tuple(name for name in CLEARING if name != "direct_debit")


class Verdict(Labelled):
    KNOWN = "known", N_("The same here")
    DIFFERS = "differs", N_("Another amount here")
    LATER = "later", N_("Its payment is known, this is not yet")
    UNKNOWN = "unknown", N_("Not known here")
    TWICE = "twice", N_("In another payout too")
    OTHER = "other", N_("Not a payment")
    OUTSIDE = "outside", N_("Left to the accounting package")


@dataclass(frozen=True, slots=True)
class Tie:
    """`ours` is what is booked on clearing for it, in signed cents; `checkout_id` leads to our payment."""

    verdict: Verdict
    ours: int = 0
    checkout_id: int | None = None

    def missing(self, part: PayoutPart) -> int:
        """What stands on clearing because of this part: negative where money was paid out that is not booked here."""
        return 0 if self.verdict is Verdict.OUTSIDE else self.ours - part.cents


def in_a_payout(provider: str) -> tuple[Any, Any]:
    """Conditions on Payment and PaymentEvent: a payout that counts holds it, and it is not left to the accounting
    package."""
    told = (
        select(PayoutPart.id)
        .join(Payout, Payout.id == PayoutPart.payout_id)
        .where(Payout.provider == provider, Payout.state.in_(LIVE), ~PayoutPart.outside)
    )
    paid = told.where(PayoutPart.kind == PartKind.PAYMENT, PayoutPart.provider_id == Payment.provider_id)
    same_way = (PayoutPart.cents < 0) == (PaymentEvent.amount_cents > 0)
    return paid.exists(), told.where(PayoutPart.provider_id == PaymentEvent.provider_id, same_way).exists()


def ties(provider: str, parts: Sequence[PayoutPart]) -> dict[int, Tie]:
    """By part id, for parts of one payout. A constant number of statements for each 500 parts."""
    found: dict[int, Tie] = {}
    for start in range(0, len(parts), _CHUNK):
        found |= _some(provider, parts[start : start + _CHUNK])
    return found


def _some(provider: str, parts: Sequence[PayoutPart]) -> dict[int, Tie]:
    payments = _payments(provider, parts)
    events = _events(provider, [p for p in parts if p.kind in (PartKind.REFUND, PartKind.CHARGEBACK)])
    twice = _twice(provider, parts)
    found = {}
    for part in parts:
        tie = _tie(part, payments, events)
        if part.outside:
            tie = Tie(Verdict.OUTSIDE)
        elif tie.verdict is Verdict.KNOWN and (part.kind, part.provider_id) in twice:
            tie = Tie(
                Verdict.TWICE, 0 if twice[part.kind, part.provider_id] < part.payout_id else tie.ours, tie.checkout_id
            )
        found[part.id] = tie
    return found


def _tie(part: PayoutPart, payments: dict[str, Any], events: dict[tuple[str, bool], Any]) -> Tie:
    if part.kind is PartKind.OTHER:
        return Tie(Verdict.OTHER)
    if part.kind is PartKind.PAYMENT:
        row = payments.get(part.provider_id)
        ours, checkout_id = (row.amount_cents, row.checkout_id) if row else (0, None)
    else:
        event = events.get((part.provider_id, part.cents < 0))
        ours, checkout_id = (-int(event.cents), event.checkout_id) if event else (0, None)
        if event is None and (row := payments.get(part.payment_key)):
            return Tie(Verdict.LATER, 0, row.checkout_id)
    if checkout_id is None:
        return Tie(Verdict.UNKNOWN)
    return Tie(Verdict.KNOWN if ours == part.cents else Verdict.DIFFERS, ours, checkout_id)


def _payments(provider: str, parts: Iterable[PayoutPart]) -> dict[str, Any]:
    """Our payments by the provider's id."""
    ids = {part.provider_id if part.kind is PartKind.PAYMENT else part.payment_key for part in parts} - {""}
    if not ids:
        return {}
    keys = [f"paid:{key_of(provider, each)}" for each in ids]
    rows = db.session.execute(
        select(Payment.provider_id, Payment.amount_cents, Payment.checkout_id)
        .join(ProviderKey, ProviderKey.row_id == Payment.id)
        .where(ProviderKey.key.in_(keys))
    )
    return {row.provider_id: row for row in rows}


def _events(provider: str, parts: Sequence[PayoutPart]) -> dict[tuple[str, bool], Any]:
    """Our refunds and chargebacks by the provider's id and whether the money went back."""
    if not parts:
        return {}
    went_back = PaymentEvent.amount_cents > 0
    rows = db.session.execute(
        select(PaymentEvent.provider_id, went_back.label("back"), Payment.checkout_id,
               func.sum(PaymentEvent.amount_cents).label("cents"))
        .join(Payment, Payment.id == PaymentEvent.payment_id)
        .where(PaymentEvent.provider_id.in_([p.provider_id for p in parts]), Payment.provider == provider)
        .group_by(PaymentEvent.provider_id, went_back, Payment.checkout_id)
    )  # fmt: skip
    return {(row.provider_id, bool(row.back)): row for row in rows}


def _twice(provider: str, parts: Sequence[PayoutPart]) -> dict[tuple[PartKind, str], int]:
    """The first other payout that has the same amount of the provider."""
    other = aliased(PayoutPart)
    rows = db.session.execute(
        select(PayoutPart.kind, PayoutPart.provider_id, func.min(other.payout_id).label("payout_id"))
        .join(other, (other.provider_id == PayoutPart.provider_id) & (other.kind == PayoutPart.kind))
        .join(Payout, Payout.id == other.payout_id)
        .where(PayoutPart.id.in_([p.id for p in parts]), PayoutPart.provider_id != "")
        .where(other.payout_id != PayoutPart.payout_id, Payout.state != PayoutState.UNDONE)
        .where(Payout.provider == provider)
        .group_by(PayoutPart.kind, PayoutPart.provider_id)
    )
    return {(row.kind, row.provider_id): row.payout_id for row in rows}
