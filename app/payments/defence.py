"""Against card testing: stolen cards are tried where small gifts are easy.

Failed payments are counted per address and form, and over all donors per method and per form. A
form or method that failed too often is paused, and opens by itself once the failures are ten
minutes old; a bank transfer stays possible. The count is
read before a checkout is stored and raised when the provider says that one failed. A count that
cannot be read or raised is an error, never a pass.
"""

from __future__ import annotations

import logging

from sqlalchemy import select

from app.base.errors import TooMany
from app.base.states import N_
from app.extensions import db, limits, now, writing
from app.payments.alerts import tell_attack, tell_form_attack
from app.payments.models import Checkout
from app.payments.providers.registry import BANK_TRANSFER
from app.payments.states import Sequence
from app.vault.services import blind_index

WINDOW = 600  # seconds
MOST_PER_PERSON = 5
MOST_PER_METHOD = 60
MOST_PER_FORM = 100  # more than a method: one that fails alone must not pause the others
_PERSON, _METHOD, _FORM = "payment failed", "payment method failed", "payment form failed"
FORM_PAUSED = N_(
    "Too many payments through this page failed just now. Transfer your gift yourself, or try again later."
)
METHOD_PAUSED = N_("Too many payments with this method failed just now. Choose another method, or try again later.")
log = logging.getLogger(__name__)


def failure_key(address: str, form: str) -> bytes:
    """Who posts which form, as a keyed hash. The address is that of the connection, or of a trusted proxy."""
    return blind_index(f"{address}\n{form}", "payment failures")


def check(key: bytes | None, method: str, campaign_id: int | None = None) -> None:
    """Raise TooMany when this address failed too often, or when this method or form is under attack.
    A form is known by its campaign; Steun ons itself has none.

    Reads only, in the caller's transaction: what cannot be read raises, so that nothing is paid then.
    """
    if method == BANK_TRANSFER:
        return
    asked = [(_METHOD, method), (_FORM, _form(campaign_id)), *([(_PERSON, key.hex())] if key else [])]
    counts = limits.failures_of(asked, WINDOW, db.session.connection())
    if key is not None and counts[2] >= MOST_PER_PERSON:
        raise TooMany(limits.MESSAGE)
    if counts[1] >= MOST_PER_FORM:
        raise TooMany(FORM_PAUSED)
    if counts[0] >= MOST_PER_METHOD:
        raise TooMany(METHOD_PAUSED)


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
