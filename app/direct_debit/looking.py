"""Mandates that a provider still checks are looked at; those not used for 36 months lapse (DOMAIN.md 1.2)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from app.base.actor import system
from app.base.dates import add_months, local_date
from app.base.events import publish
from app.base.works import Payload, periodic
from app.direct_debit import mandates
from app.direct_debit.events import MandatesConfirmed, MandatesRefused
from app.direct_debit.models import Mandate
from app.direct_debit.states import MandateState
from app.extensions import db, now, writing
from app.extensions.transactions import writing_in_bulk
from app.payments.providers.base import MandateState as Told
from app.payments.providers.base import ProviderMandate, ProviderRefused, ProviderUnsure, UnknownPayment
from app.payments.providers.registry import provider

LOOKER = system("mandates")
LAPSE_MONTHS = 36
LOOK_AGAIN = timedelta(hours=1)
_BATCH = 20
_CHUNK = 500
log = logging.getLogger(__name__)


@periodic("direct_debit.look_at_mandates", every=timedelta(minutes=5))
def look(_: Payload) -> None:
    """Ask for mandates that were not valid yet when their first payment was paid."""
    at = now()
    due = db.session.execute(
        select(Mandate.id, Mandate.provider, Mandate.customer_key)
        .where(Mandate.next_look_at <= at)
        .order_by(Mandate.next_look_at)
        .limit(_BATCH)
    ).all()
    db.session.rollback()
    for row in due:
        with writing() as session:
            session.execute(update(Mandate).where(Mandate.id == row.id).values(next_look_at=at + LOOK_AGAIN))
        _look_at(row)


def _look_at(row: Any) -> None:
    source = provider(row.provider)
    if source is None:
        return
    try:
        told = source.mandates(row.customer_key)
    except (ProviderUnsure, ProviderRefused, UnknownPayment) as error:
        log.warning("mandate %d: %s gave no answer: %s", row.id, row.provider, error)
        return
    good = next((m for m in told if m.state is Told.VALID), None)
    if good is None and (not told or any(m.state is Told.PENDING for m in told)):
        return
    with writing():
        _store(row.id, good)


def _store(mandate_id: int, good: ProviderMandate | None) -> None:
    at = now()
    if good is None:
        mandates.move([mandate_id], MandateState.REVOKED, "invalid at the provider", actor=LOOKER, now=at)
        publish(MandatesRefused(ids=(mandate_id,), actor=LOOKER, at=at))
        return
    mandates.learn(mandate_id, good.key, good.iban, good.holder)
    mandates.move([mandate_id], MandateState.ACTIVE, "", actor=LOOKER, now=at)
    publish(MandatesConfirmed(ids=(mandate_id,), actor=LOOKER, at=at))


@periodic("direct_debit.lapse", daily_at="04:10")
def lapse(_: Payload) -> None:
    """End mandates whose last collection, or signature, is 36 months ago."""
    before = add_months(local_date(now()), -LAPSE_MONTHS)
    last_used = func.coalesce(Mandate.last_collected_on, Mandate.signed_on)
    old = select(Mandate.id).where(Mandate.state.in_((MandateState.ACTIVE, MandateState.SUSPENDED)), last_used < before)
    while True:
        with writing_in_bulk() as session:
            ids = list(session.execute(old.limit(_CHUNK)).scalars())
            mandates.move(ids, MandateState.LAPSED, "not used for 36 months", actor=LOOKER, now=now())
        if len(ids) < _CHUNK:
            return
