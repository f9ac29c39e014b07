"""Which ways to pay the form shows: what the provider offers, narrowed by PAYMENT_METHODS.

Asked of the provider at most every ten minutes, and not by a donor who waits: while the list is
asked anew, or the provider is down, the last known one is used.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field, replace

from flask import Flask, current_app
from flask_babel import gettext as _

from app.base.states import N_
from app.extensions import db, settings
from app.payments.providers.base import Method, ProviderRefused, ProviderUnsure
from app.payments.providers.registry import BANK_TRANSFER, active

KEEP_SECONDS = 600.0
TRY_AGAIN_SECONDS = 30.0
_KEY = "payment_methods_known"
# The provider tells its names in Dutch. Most are names in any language; these are words.
_WORDS = {
    "creditcard": N_("Credit card"), "banktransfer": N_("Bank transfer"), "directdebit": N_("Direct debit"),
    "giftcard": N_("Gift card"),
}  # fmt: skip
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Known:
    methods: list[Method] = field(default_factory=list)
    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


def init_app(app: Flask) -> None:
    app.extensions[_KEY] = _Known()


def methods_offered() -> list[Method]:
    """The provider's methods in its order, or in that of PAYMENT_METHODS where set. Empty while the
    provider was never reached: bank transfer is then what is left."""
    known: _Known = current_app.extensions[_KEY]
    if time.monotonic() >= known.until and known.lock.acquire(blocking=not known.methods):
        try:
            if time.monotonic() >= known.until:
                _ask(known)
        finally:
            known.lock.release()
    wanted = settings().payment_methods
    if not wanted:
        # A transfer goes to our own account, without the provider's fee: two transfers side by side puzzle donors.
        return [method for method in known.methods if method.id != "banktransfer"]
    by_id = {method.id: method for method in known.methods}
    return [by_id[name] for name in wanted if name in by_id]


def label_of(method: str) -> str:
    """What people call this method, in the reader's language: the provider's own name where it told us one."""
    if method == BANK_TRANSFER:
        return str(_("Bank transfer"))
    known: _Known = current_app.extensions[_KEY]
    if not known.methods:
        methods_offered()
    return next((_(m.label) for m in known.methods if m.id == method), method.replace("_", " ").capitalize())


def _ask(known: _Known) -> None:
    db.session.rollback()  # no transaction stays open while the provider is asked
    try:
        known.methods = [_named(method) for method in active().methods()]
        known.until = time.monotonic() + KEEP_SECONDS
    except (ProviderUnsure, ProviderRefused) as error:
        log.warning("payment methods: no answer from the provider, the last known are used: %s", error)
        known.until = time.monotonic() + TRY_AGAIN_SECONDS


def _named(method: Method) -> Method:
    """iDEAL changes its name in stages (DOMAIN.md 3.1), so what donors read is a setting."""
    label = settings().payment_ideal_label if method.id == "ideal" else _WORDS.get(method.id, method.label)
    return replace(method, label=label)
