"""Signed tokens of the public pages: nothing is stored, nothing about the donor is inside.

The *form token* is the guard against forged posts here, in place of the session's CSRF token:
giving needs no cookie, so there is no session to ride on. It carries the id of the checkout
that will be made when the form is sent, which makes a form sent twice one gift, and it was
made by us, so another site cannot make it. A stolen one lets a stranger at most give money
in his own name. The *result token* opens the page that says what became of one checkout.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from app.base.ids import MAX_ID

FORM_LIFETIME = timedelta(hours=24)
_SKEW = timedelta(minutes=5)
_BODY = struct.Struct(">QI")  # checkout id, moment of making in seconds
_ID = struct.Struct(">Q")
_MAC_BYTES = 16
FORM_LENGTH = 38  # characters of a form token: (12 + 16 bytes) in base 64 without padding


class BadToken(Exception):
    """Not one of ours, or damaged."""


class ExpiredToken(BadToken):
    """Ours, but too old."""


@dataclass(frozen=True, slots=True)
class FormToken:
    checkout_id: int
    made_at: datetime


def make_form_token(key: str, checkout_id: int, now: datetime) -> str:
    body = _BODY.pack(checkout_id, int(now.timestamp()))
    return _encode(body + _mac(key, b"giving.form", body))


def read_form_token(key: str, token: str, now: datetime) -> FormToken:
    """Raises BadToken or ExpiredToken."""
    raw = _decode(token, _BODY.size + _MAC_BYTES)
    body, mac = raw[: _BODY.size], raw[_BODY.size :]
    if not hmac.compare_digest(mac, _mac(key, b"giving.form", body)):
        raise BadToken
    checkout_id, seconds = _BODY.unpack(body)
    made_at = datetime.fromtimestamp(seconds, UTC)
    if made_at > now + _SKEW or not 0 < checkout_id <= MAX_ID:
        raise BadToken
    if now - made_at > FORM_LIFETIME:
        raise ExpiredToken
    return FormToken(checkout_id, made_at)


def make_result_token(key: str, checkout_id: int) -> str:
    """What the address of the thank-you page ends in; it lives as long as the checkout is kept."""
    return _sign_id(key, b"giving.result", checkout_id)


def read_result_token(key: str, token: str) -> int:
    """The checkout id. Raises BadToken."""
    return _read_id(key, b"giving.result", token)


def make_own_token(key: str, checkout_id: int) -> str:
    """What the giver's own browser keeps for an hour, so that a second try need not be typed again."""
    return _sign_id(key, b"giving.own", checkout_id)


def read_own_token(key: str, token: str) -> int:
    return _read_id(key, b"giving.own", token)


def _sign_id(key: str, purpose: bytes, row_id: int) -> str:
    body = _ID.pack(row_id)
    return _encode(body + _mac(key, purpose, body))


def _read_id(key: str, purpose: bytes, token: str) -> int:
    raw = _decode(token, _ID.size + _MAC_BYTES)
    body, mac = raw[: _ID.size], raw[_ID.size :]
    if not hmac.compare_digest(mac, _mac(key, purpose, body)):
        raise BadToken
    row_id: int = _ID.unpack(body)[0]
    if not 0 < row_id <= MAX_ID:
        raise BadToken
    return row_id


def _mac(key: str, purpose: bytes, body: bytes) -> bytes:
    return hashlib.blake2b(body, key=_secret(key), person=purpose, digest_size=_MAC_BYTES).digest()


@lru_cache(maxsize=4)
def _secret(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str, size: int) -> bytes:
    if len(token) > 100 or not token.isascii():
        raise BadToken
    try:
        raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise BadToken from None
    # One spelling only: else the same token could be written in several ways.
    if len(raw) != size or _encode(raw) != token:
        raise BadToken
    return raw
