"""Which payments, refunds and chargebacks a payout brought: a mark, so that looking for the others stays cheap however
many there ever were. What a payout holds the room of payouts knows, and says it here, inside `with writing():`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.extensions import db
from app.payments.keys import key_of
from app.payments.models import Payment, PaymentEvent, ProviderKey

_QUIETLY = {"synchronize_session": False}
_CHUNK = 500


def mark(provider: str, paid: Any, went: Any, *, now: datetime) -> None:
    """Mark what of this provider is not marked and fits: `paid` is a condition on Payment, `went` on PaymentEvent."""
    waits = (Payment.provider == provider) & Payment.paid_out_at.is_(None)
    db.session.execute(update(Payment).where(waits, paid).values(paid_out_at=now), execution_options=_QUIETLY)
    ours = select(Payment.id).where(Payment.id == PaymentEvent.payment_id, Payment.provider == provider).exists()
    back = update(PaymentEvent).where(PaymentEvent.paid_out_at.is_(None), ours, went)
    db.session.execute(back.values(paid_out_at=now), execution_options=_QUIETLY)


def unmark(provider: str, provider_ids: Iterable[str]) -> None:
    """These are in no payout any more, as far as it was that one which brought them."""
    ids = sorted(set(provider_ids) - {""})
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        keys = [f"paid:{key_of(provider, each)}" for each in some]
        known = select(ProviderKey.row_id).where(ProviderKey.key.in_(keys))
        db.session.execute(
            update(Payment).where(Payment.id.in_(known)).values(paid_out_at=None), execution_options=_QUIETLY
        )
        back = update(PaymentEvent).where(PaymentEvent.provider_id.in_(some)).values(paid_out_at=None)
        db.session.execute(back, execution_options=_QUIETLY)
