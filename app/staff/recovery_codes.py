"""Ten codes on paper, each good once, for who has neither app nor passkey at hand.

Ten characters of an alphabet without look-alikes, 50 random bits. Kept as a keyed hash: with so many bits and
a key that is not in the database a slow hash would add nothing, but would cost ten of them for every guess.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import delete, func, select, update

from app.base.actor import Actor
from app.base.errors import Refused
from app.base.states import N_
from app.extensions import db
from app.staff import second_step, services
from app.staff.models import StaffRecoveryCode
from app.vault.services import blind_index

COUNT = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LOOKS_LIKE = str.maketrans("oil", "011", " -–")
LENGTH = 10


def make(staff_id: int, *, actor: Actor, now: datetime) -> list[str]:
    """Ten new codes, this once in words; those of before stop working. Raises Refused without an app or passkey."""
    staff = second_step.alone(staff_id)
    if not second_step.has(staff_id):
        raise Refused(N_("Set up an app or a passkey first: recovery codes stand in for those."))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(LENGTH)) for _ in range(COUNT)]
    db.session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.staff_id == staff_id))
    db.session.add_all(
        StaffRecoveryCode(staff_id=staff_id, code_hash=_hash(staff_id, code), created_at=now) for code in codes
    )
    second_step.note(staff, "recovery_codes_made", actor=actor, now=now)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def use(staff_id: int, typed: str, *, now: datetime) -> bool:
    """Whether this is one of their codes that was not used before; it is now, and they get a mail."""
    code = typed.casefold().translate(_LOOKS_LIKE)
    mine = StaffRecoveryCode.staff_id == staff_id
    unused = StaffRecoveryCode.used_at.is_(None)
    used = update(StaffRecoveryCode).where(mine, unused, StaffRecoveryCode.code_hash == _hash(staff_id, code))
    if db.session.execute(used.values(used_at=now).returning(StaffRecoveryCode.id)).first() is None:
        return False
    left = db.session.scalar(select(func.count()).where(mine, unused)) or 0
    actor = Actor("staff", staff_id)
    second_step.note(services.account(staff_id), "recovery_code_used", actor=actor, now=now, changes={"left": left})
    return True


def _hash(staff_id: int, code: str) -> bytes:
    return blind_index(f"{staff_id}:{code}", "staff.recovery_code")
