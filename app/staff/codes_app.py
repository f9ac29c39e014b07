"""An app for codes (TOTP, RFC 6238): six figures, anew every thirty seconds, one step early or late is fine.

A code is good once: the time step of the last one is kept and only a later step gets in, compared and stored
by one statement, so that of two who send the same code at once one is refused.
"""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from app.base.actor import Actor
from app.base.errors import Invalid, NotFound
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.staff import second_step
from app.staff.models import StaffApp
from app.vault.rotation import SealedColumn, declare_sealed
from app.vault.services import Unsealable, seal, unseal

declare_sealed(SealedColumn("staff_app", "secret_sealed", "staff_app:{id}"))

SECONDS = 30
DRIFT = 1  # steps
DRAFT_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Draft:
    """A secret that is shown and not yet in use; `sealed` travels with the form, for this person alone."""

    secret: str
    sealed: str


def draft(staff_id: int, now: datetime) -> Draft:
    import pyotp

    secret = pyotp.random_base32()
    text = json.dumps([secret, now.timestamp()])
    return Draft(secret, base64.urlsafe_b64encode(seal(text, _draft_of(staff_id))).decode())


def drafted(sealed: str, staff_id: int, now: datetime) -> Draft:
    """The draft that came back with the form. Raises Invalid when it is another's, damaged or half an hour old."""
    try:
        secret, at = json.loads(unseal(base64.urlsafe_b64decode(sealed), _draft_of(staff_id)))
    except (Unsealable, ValueError):
        at, secret = 0.0, ""
    if now.timestamp() - at > DRAFT_FOR.total_seconds():
        raise Invalid(N_("This page was open too long. Scan the new square below."))
    return Draft(secret, sealed)


def address(secret: str, *, email: str, issuer: str) -> str:
    """What the square says: otpauth://…"""
    import pyotp

    return pyotp.TOTP(secret, interval=SECONDS).provisioning_uri(name=email, issuer_name=issuer.replace(":", " "))


def set_up(staff_id: int, secret: str, code: str, *, keep_session: int | None, actor: Actor, now: datetime) -> None:
    """Take the app whose code this is in use, in place of another. Raises Invalid beside `code`.

    The code that proves it is used up by it.
    """
    step = _step_of(secret, code, now)
    if step is None:
        raise Invalid(N_("This code does not fit. Is the clock of your phone right? Try the next code."), field="code")
    staff = second_step.alone(staff_id)
    is_first = not second_step.has(staff_id)
    found = db.session.scalar(select(StaffApp).where(StaffApp.staff_id == staff_id))
    if found is not None and _secret(found) == secret:
        return  # the form was sent twice
    if found is not None:
        db.session.delete(found)
        db.session.flush()
    row_id = new_id()
    sealed = seal(secret, f"staff_app:{row_id}")
    db.session.add(StaffApp(id=row_id, staff_id=staff_id, secret_sealed=sealed, last_step=step, created_at=now))
    db.session.flush()
    if is_first:
        second_step.began(staff, keep_session=keep_session, now=now)
    second_step.note(staff, "app_set", actor=actor, now=now)


def use(staff_id: int, code: str, *, now: datetime) -> bool:
    """Whether this is a code of their app that was not used before; it is now."""
    found = db.session.scalar(select(StaffApp).where(StaffApp.staff_id == staff_id))
    step = _step_of(_secret(found), code, now) if found is not None else None
    if found is None or step is None:
        return False
    newer = update(StaffApp).where(StaffApp.id == found.id, StaffApp.last_step < step).values(last_step=step)
    return db.session.execute(newer.returning(StaffApp.id)).first() is not None


def remove(staff_id: int, *, keep_session: int | None, actor: Actor, now: datetime) -> None:
    """Sign in without the app from now on."""
    staff = second_step.alone(staff_id)
    gone = delete(StaffApp).where(StaffApp.staff_id == staff_id).returning(StaffApp.id)
    if db.session.execute(gone).first() is None:
        raise NotFound(N_("There is no app any more."))
    second_step.ended(staff, keep_session=keep_session, now=now)
    second_step.note(staff, "app_removed", actor=actor, now=now)


def _draft_of(staff_id: int) -> str:
    return f"staff_app.draft:{staff_id}"


def _secret(found: StaffApp) -> str:
    return unseal(found.secret_sealed, f"staff_app:{found.id}")


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, within the drift; every step is compared, whichever fits."""
    import pyotp

    typed = "".join(code.split()).encode()
    totp = pyotp.TOTP(secret, interval=SECONDS)
    step = int(now.timestamp()) // SECONDS
    fitting = [
        n for n in range(step - DRIFT, step + DRIFT + 1) if hmac.compare_digest(totp.generate_otp(n).encode(), typed)
    ]
    return fitting[-1] if fitting else None
