"""Against card testing: stolen cards are tried where small gifts are easy.

Failed payments are counted per address and form, and over all donors per method and per form. A
form or method that failed too often is paused, and opens by itself once the failures are ten
minutes old; a bank transfer stays possible. Card payments that an address began and that are still
open count beside its failures: many could else be opened first, to fail at once. The count is read
before a checkout is stored and raised when the provider says that one failed. A count that cannot
be read or raised is an error, never a pass.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, func, literal, select

from app.base.errors import TooMany
from app.base.states import N_
from app.extensions import db, limits, now, writing
from app.payments.alerts import tell_attack, tell_form_attack
from app.payments.models import Checkout
from app.payments.providers.registry import BANK_TRANSFER
from app.payments.states import CheckoutState, Sequence
from app.vault.services import blind_index

WINDOW = 600  # seconds
MOST_PER_PERSON = 5
CARD, CARD_OPEN = "creditcard", timedelta(minutes=30)  # the provider lets a card payment expire by then
MOST_PER_METHOD = 60
MOST_PER_FORM = 100  # more than a method: one that fails alone must not pause the others
_PERSON, _METHOD, _FORM = "payment failed", "payment method failed", "payment form failed"
FORM_PAUSED = N_(
    "Too many payments through this page failed just now. Transfer your gift yourself, or try again later."
)
METHOD_PAUSED = N_("Too many payments with this method failed just now. Choose another method, or try again later.")
CARDS_OPEN = N_(
    "Several payments by card were begun here and are not finished. Choose another method, or try again later."
)
log = logging.getLogger(__name__)


def failure_key(address: str, form: str) -> bytes:
    """Who posts which form, as a keyed hash. The address is that of the connection, or of a trusted proxy."""
    return blind_index(f"{address}\n{form}", "payment failures")


def check(key: bytes | None, method: str, campaign_id: int | None = None, *, checkout_id: int, at: datetime) -> None:
    """Raise TooMany when this address failed too often or, by card, might yet, or when this method or form is under
    attack. A form is known by its campaign; Steun ons itself has none. `checkout_id` is what is being opened `at` now.

    Reads only, in the caller's transaction: what cannot be read raises, so that nothing is paid then.
    """
    if method == BANK_TRANSFER:
        return
    asked = [(_METHOD, method), (_FORM, _form(campaign_id)), *([(_PERSON, key.hex())] if key else [])]
    counts = limits.failures_of(asked, WINDOW, db.session.connection())
    if key is not None and counts[2] >= MOST_PER_PERSON:
        raise TooMany(limits.MESSAGE)
    if key is not None and method == CARD and counts[2] + _still_open(key, checkout_id, at) >= MOST_PER_PERSON:
        raise TooMany(CARDS_OPEN)
    if counts[1] >= MOST_PER_FORM:
        raise TooMany(FORM_PAUSED)
    if counts[0] >= MOST_PER_METHOD:
        raise TooMany(METHOD_PAUSED)


def _still_open(key: bytes, but: int, at: datetime) -> int:
    """Card payments of this address and form that can still fail. One post of theirs at a time: on SQLite by the
    write lock, on PostgreSQL by one of their own."""
    if db.engine.dialect.name == "postgresql":
        number = literal(int.from_bytes(key[:8], "big", signed=True), BigInteger)
        db.session.execute(select(func.pg_advisory_xact_lock(number)))
    mine = (Checkout.failure_key == key) & (Checkout.method == CARD) & (Checkout.id != but)
    waiting = (Checkout.state == CheckoutState.OPEN) & (Checkout.created_at > at - CARD_OPEN)
    return int(db.session.execute(select(func.count()).where(mine, waiting)).scalar_one())


def _form(campaign_id: int | None) -> str:
    return str(campaign_id or "steun-ons")


def count(failed: list[int]) -> None:
    """Count these failed checkouts, but for those that nobody posted a form for, in short transactions of their own."""
    if not failed:
        return
    rows = db.session.execute(
        select(Checkout.failure_key, Checkout.method, Checkout.campaign_id).where(
            Checkout.id.in_(failed), Checkout.sequence != Sequence.RECURRING
        )
    ).all()
    db.session.rollback()
    for key, method, campaign_id in rows:
        if key is not None:
            _hit(_PERSON, key.hex(), MOST_PER_PERSON)
        _hit(_METHOD, method, MOST_PER_METHOD)
        if limits.failures(_METHOD, method, WINDOW) >= MOST_PER_METHOD:
            with writing():
                tell_attack(method, now=now())
        if key is None:
            continue  # nobody posted a form
        _hit(_FORM, _form(campaign_id), MOST_PER_FORM)
        if limits.failures(_FORM, _form(campaign_id), WINDOW) >= MOST_PER_FORM:
            with writing():
                tell_form_attack(campaign_id, now=now())


def _hit(bucket: str, key: str, most: int) -> None:
    try:
        limits.hit(bucket, key, most, WINDOW)
    except TooMany:
        log.warning("%s: %d times within %d seconds", bucket, most, WINDOW)
