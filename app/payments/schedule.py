"""When to look at the provider again: often at first, then less, for as long as money may still move."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.payments.states import UNFINISHED, CheckoutState

# (younger than, look again after)
_UNFINISHED = (
    (timedelta(minutes=10), timedelta(minutes=1)),
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(days=1), timedelta(minutes=30)),
    (timedelta(days=100), timedelta(hours=6)),
)
# A refund or chargeback may come as late as 13 months after (SEPA direct debit without mandate).
_PAID = (
    (timedelta(hours=1), timedelta(hours=1)),
    (timedelta(days=1), timedelta(days=1)),
    (timedelta(days=14), timedelta(days=3)),
    (timedelta(days=60), timedelta(days=14)),
    (timedelta(days=400), timedelta(days=30)),
)


def next_look(state: CheckoutState, since: datetime, now: datetime) -> datetime | None:
    """The next look at a checkout in this state since then; None when nothing more is to come."""
    table = _UNFINISHED if state in UNFINISHED else _PAID if state is CheckoutState.PAID else ()
    age = now - since
    for younger, pause in table:
        if age < younger:
            return now + pause
    return None
