"""An app for codes and recovery codes of a member of staff, as tests want them at once."""

from __future__ import annotations

import pyotp

from app.base.actor import SYSTEM
from app.extensions import now, writing
from app.staff import codes_app, recovery_codes


def give_app(staff_id: int) -> str:
    """Set an app up, with the code of half a minute ago; its secret."""
    secret = pyotp.random_base32()
    with writing():
        codes_app.set_up(staff_id, secret, code_of(secret, -1), keep_session=None, actor=SYSTEM, now=now())
    return secret


def code_of(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many steps of thirty seconds from now."""
    return pyotp.TOTP(secret).generate_otp(int(now().timestamp()) // codes_app.SECONDS + steps)


def give_codes(staff_id: int) -> list[str]:
    with writing():
        return recovery_codes.make(staff_id, actor=SYSTEM, now=now())
