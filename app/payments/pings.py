"""A provider's ping: "look at this payment". Anybody can send one, so it is a hint and no more.

A known id is looked at, not more often than a provider would ask for. An unknown one may be ours
all the same (the ping can overtake the answer to our own call), so some are looked at; our
metadata in the payment itself then says whether it is ours.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Any

from flask import Flask, current_app
from sqlalchemy import bindparam, select, update

from app.base.actor import system
from app.extensions import db, writing
from app.payments.flow import apply_truths
from app.payments.gate import Gate
from app.payments.keys import key_of
from app.payments.models import Checkout, ProviderKey
from app.payments.providers.base import Provider, ProviderRefused, ProviderUnsure, Truth, UnknownPayment
from app.payments.providers.mollie import PAYMENT_ID
from app.payments.providers.registry import provider
from app.payments.together import Take, Together

WEBHOOK = system("webhook")
MOST_UNKNOWN_AT_ONCE = 2
SETTLED_TOGETHER = 10  # as many as the poller: others wait for the write lock meanwhile
_KEY = "payment_gates"
_T, _KEYS = Checkout.__table__, ProviderKey.__table__
_KNOWN = select(_T.c.id, _T.c.provider_id).join(_KEYS, _KEYS.c.row_id == _T.c.id).where(_KEYS.c.key == bindparam("key"))
log = logging.getLogger(__name__)


class _Gates:
    def __init__(self) -> None:
        self.known = Gate(limit=10, window=10)
        self.unknown = Gate(limit=30, window=60)
        self.nothing_there = Gate(limit=1, window=300)
        # Anybody can make up ids: while the provider is slow they may hold this many of our threads, no more.
        self.looking = threading.BoundedSemaphore(MOST_UNKNOWN_AT_ONCE)
        self.settling: Together[Truth] = Together(SETTLED_TOGETHER)


def init_app(app: Flask) -> None:
    app.extensions[_KEY] = _Gates()


def hear(provider_name: str, provider_id: str, *, now: datetime) -> None:
    """Deal with a ping. Never raises for what a ping says; nothing is lost that the poller cannot find."""
    source = provider(provider_name)
    if source is None or not PAYMENT_ID.fullmatch(provider_id):
        return
    gates: _Gates = current_app.extensions[_KEY]
    key = key_of(provider_name, provider_id)
    known = _known(key)
    db.session.rollback()
    if known is not None and known.provider_id == provider_id:
        if not gates.known.passes(key) or not _look_at_known(source, known.id, provider_id, gates, now):
            _look_soon(known.id, now)
        return
    if gates.nothing_there.is_shut(key) or not gates.looking.acquire(blocking=False):
        return
    try:
        if gates.unknown.passes():
            _look_at_unknown(source, provider_id, key, gates, now)
    finally:
        gates.looking.release()


def _look_at_known(source: Provider, checkout_id: int, provider_id: str, gates: _Gates, now: datetime) -> bool:
    """Settle what the provider says of this payment; False where it gives no answer."""
    try:
        truth = source.fetch(provider_id)
    except (UnknownPayment, ProviderUnsure, ProviderRefused) as error:
        log.warning("checkout %d: %s gave no answer: %r", checkout_id, source.name, error)
        return False
    gates.settling.do(checkout_id, truth, lambda take: _settle(take, now))
    return True


def _look_at_unknown(source: Provider, provider_id: str, key: str, gates: _Gates, now: datetime) -> None:
    try:
        truth = source.fetch(provider_id)
    except UnknownPayment:
        gates.nothing_there.passes(key)
    except (ProviderUnsure, ProviderRefused) as error:
        log.warning("a ping about an unknown payment: no answer: %s", error)
    else:
        _settle(lambda: [truth], now)


def _settle(take: Take[Truth], now: datetime) -> None:
    apply_truths(take, actor=WEBHOOK, now=now)


def _known(key: str) -> Any:
    """The checkout that this id stands for, if it is still there."""
    return db.session.execute(_KNOWN, {"key": key}).first()


def _look_soon(checkout_id: int, now: datetime) -> None:
    with writing() as session:
        session.execute(update(Checkout).where(Checkout.id == checkout_id).values(next_check_at=now))
