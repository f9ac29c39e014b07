"""Devices that signed in to an account before, recognised by a signed cookie.

Waits after wrong passwords are counted apart for them: somebody who guesses from elsewhere
cannot keep the real person out. The cookie lets nobody in; it only names the counter.
"""

from __future__ import annotations

import hashlib
import secrets

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from app.extensions import settings
from app.staff.models import email_key

COOKIE = "draagvlak_device"
LIFETIME = 180 * 24 * 3600  # seconds


def known(email: str) -> str | None:
    """The device's own name, if it signed in to the account of this address before."""
    try:
        name, account = _signer().loads(request.cookies.get(COOKIE, ""), max_age=LIFETIME)
    except (BadData, ValueError, TypeError):
        return None
    return str(name) if account == _mark(email) else None


def trust(response: Response, email: str) -> None:
    """Remember this device for this account."""
    name = known(email) or secrets.token_urlsafe(12)
    value = _signer().dumps([name, _mark(email)])
    response.set_cookie(
        COOKIE, str(value), max_age=LIFETIME, path="/login", secure=settings().is_https, httponly=True, samesite="Lax"
    )


def _mark(email: str) -> str:
    return hashlib.sha256(email_key(email).encode()).hexdigest()[:24]


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="staff-device")
