"""Where Mollie tells that a payment changed. Public, unsigned: see `pings`."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.extensions import csrf, now
from app.payments import pings

bp = Blueprint("webhooks", __name__)
csrf.exempt(bp)


@bp.post("/webhooks/mollie")
def mollie() -> ResponseReturnValue:
    """Always 200, also for ids that we do not know: the answer tells nobody what we know."""
    pings.hear("mollie", request.form.get("id", "")[:80], now=now())
    return "", 200, {"Content-Type": "text/plain; charset=utf-8"}
