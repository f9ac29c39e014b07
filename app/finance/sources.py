"""From a journal entry back to what it books: the page of its source, where a room has one."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from app.base.states import N_
from app.extensions import db
from app.payments.models import Payment
from app.ui.permissions import may_open

_NAMES = {
    "gift": N_("Gift"),
    "payment": N_("Payment"),
    "bank_entry": N_("Line on a bank statement"),
    "payout": N_("Payout of a provider"),
    "payout_part": N_("Part of a payout"),
    "instalment": N_("Instalment"),
    "instalment_receipt": N_("Received instalment"),
    "grant_award": N_("Grant"),
    "sub_grant_instalment": N_("Instalment to a partner"),
    "sub_grant_payment": N_("Payment to a partner"),
}
_PAGES = {
    "gift": ("gifts.show", "gift_id"),
    "payment": ("payments.show", "checkout_id"),
    "bank_entry": ("banking.payments", "entry"),
    "payout": ("banking.payout", "payout_id"),
}


def name_of(source_type: str) -> str:
    known = _NAMES.get(source_type)
    return _(known) if known else source_type


def url_of(source_type: str, source_id: int, grant_id: int | None = None) -> str | None:
    """The page of the source; of anything that belongs to a grant, the grant's."""
    endpoint, argument = _PAGES.get(source_type, ("", ""))
    if source_type == "payment":
        payment = db.session.get(Payment, source_id)
        source_id = payment.checkout_id if payment else source_id
    if grant_id is not None:
        endpoint, argument, source_id = "grants.grant", "grant_id", grant_id
    if not may_open(endpoint):
        return None
    values: dict[str, Any] = {argument: source_id}
    return url_for(endpoint, **values)
