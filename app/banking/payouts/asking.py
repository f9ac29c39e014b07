"""Asking the provider what it paid out: each morning, and when somebody asks."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.banking.payouts.models import Payout, PayoutOrigin, PayoutState
from app.banking.payouts.taking import Taken, take
from app.base.actor import Actor, system
from app.base.dates import days
from app.base.works import periodic
from app.extensions import db, now
from app.payments.providers import settlements
from app.payments.providers.base import ProviderRefused, ProviderUnsure, UnknownPayment

log = logging.getLogger(__name__)
_BACK = 100  # days


def ask(*, actor: Actor, now: datetime) -> Taken | None:
    """Take in what was paid out in the last hundred days and is not here yet; None without an organisation token.

    Raises ProviderUnsure, ProviderRefused; what was taken in before stays.
    """
    source = settlements.source()
    if source is None:
        return None
    there = select(Payout.reference).where(Payout.provider == "mollie", Payout.state == PayoutState.BOOKED)
    known = set(db.session.execute(there).scalars())
    db.session.rollback()
    told = source.paid_out(lambda reference: reference not in known, now - days(_BACK))
    return take(told, PayoutOrigin.API, actor=actor, now=now)


@periodic("bank.payouts", daily_at="06:40")
def ask_daily(_: dict[str, Any]) -> None:
    try:
        ask(actor=system("payouts"), now=now())
    except (ProviderUnsure, ProviderRefused, UnknownPayment) as error:
        log.warning("payouts were not asked: %s", error)
