"""What is done without anybody asking: looking at the provider, and forgetting what was never paid."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from app.base.actor import system
from app.base.works import periodic
from app.extensions import db, now, writing
from app.extensions.transactions import writing_in_bulk
from app.payments.flow import reach
from app.payments.models import Checkout, CheckoutChange
from app.payments.providers.demo import DemoPayment
from app.payments.providers.registry import BANK
from app.payments.schedule import next_look
from app.payments.states import UNPAID

POLLER = system("payment poller")
KEEP_UNPAID = timedelta(days=30)
_BATCH = 100
_AT_ONCE = 10  # asked and settled together
_RUN = 200  # looked at in one run of the job; the rest waits a minute
_GIVE_UP = 3  # answers missing in a row: the provider is down, try next minute


@periodic("payments.poll", every=timedelta(minutes=1))
def poll(_: dict[str, Any]) -> None:
    """Look at the checkouts whose time has come, oldest appointment first."""
    missing = seen = 0
    while seen < _RUN and missing < _GIVE_UP:
        due = _due(now())
        if not due:
            return
        _appoint(due, now())
        unsure = reach([row.id for row in due], actor=POLLER, now=now()).unsure
        missing = missing + len(unsure) if len(unsure) == len(due) else 0
        seen += len(due)


def _due(at: datetime) -> list[Any]:
    rows = db.session.execute(
        select(Checkout.id, Checkout.state, Checkout.created_at, Checkout.paid_at)
        .where(Checkout.next_check_at <= at)
        .order_by(Checkout.next_check_at)
        .limit(_AT_ONCE)
    ).all()
    db.session.rollback()
    return list(rows)


def _appoint(rows: list[Any], at: datetime) -> None:
    """Make the next appointment before looking, so that one bad payment never blocks the others."""
    with writing() as session:
        for row in rows:
            later = next_look(row.state, row.paid_at or row.created_at, at)
            session.execute(update(Checkout).where(Checkout.id == row.id).values(next_check_at=later))


@periodic("payments.forget", daily_at="03:40")
def forget_unpaid(_: dict[str, Any]) -> None:
    """Erase checkouts that were not paid within 30 days, with what was typed, in small batches."""
    # Problems are money that people must look at first; promises to transfer hold no details.
    old = (
        (Checkout.created_at < now() - KEEP_UNPAID)
        & Checkout.state.in_(UNPAID)
        & Checkout.problem.is_(None)
        & (Checkout.provider != BANK)
    )
    last = 0
    while ids := db.session.scalars(
        select(Checkout.id).where(old, Checkout.id > last).order_by(Checkout.id).limit(_BATCH)
    ).all():
        with writing_in_bulk() as session:
            ids = session.scalars(select(Checkout.id).where(old, Checkout.id.in_(ids)).with_for_update()).all()
            session.execute(delete(CheckoutChange).where(CheckoutChange.checkout_id.in_(ids)))
            session.execute(delete(DemoPayment).where(DemoPayment.id.in_(ids)))
            session.execute(delete(Checkout).where(Checkout.id.in_(ids)))
        last = max(ids, default=last)
