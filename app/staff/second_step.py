"""The second step of signing in: an app for codes, passkeys, and recovery codes for when neither is at hand.

Whatever changes here is in the trail and mailed to its owner. docs/decisions/second-step.md says why it is so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from app.audit import services as audit
from app.base.actor import PUBLIC, Actor
from app.base.errors import Invalid, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.outbox.services import queue_mail
from app.staff import queries, services, sessions
from app.staff.models import Staff, StaffApp, StaffPasskey, StaffRecoveryCode
from app.ui.permissions import Role

STEP = "second"
BY = frozenset({"app", "passkey", "recovery code"})  # any of these is the second step done
ASKED = (Role.FINANCE, Role.ADMIN)  # by a line on their front page, where it is not required of them
LATER = timedelta(days=14)
TELL_AFTER = 5  # wrong codes within a day: then their owner gets a mail
MAIL = "staff/second_step"


@dataclass(frozen=True, slots=True)
class Ways:
    """What somebody has to prove a second time who they are."""

    app_since: datetime | None
    passkeys: list[StaffPasskey]
    codes_left: int

    @property
    def any(self) -> bool:
        return self.app_since is not None or bool(self.passkeys)


def ways(staff_id: int) -> Ways:
    """App, passkeys (the oldest first) and how many recovery codes are left."""
    app_since = db.session.scalar(select(StaffApp.created_at).where(StaffApp.staff_id == staff_id))
    mine = select(StaffPasskey).where(StaffPasskey.staff_id == staff_id).order_by(StaffPasskey.id)
    unused = select(StaffRecoveryCode.id).where(
        StaffRecoveryCode.staff_id == staff_id, StaffRecoveryCode.used_at.is_(None)
    )
    return Ways(app_since, list(db.session.scalars(mine)), len(db.session.scalars(unused).all()))


def has(staff_id: int) -> bool:
    """Whether the password alone does not let this person in."""
    return bool(db.session.scalar(select(queries.second_step_of(staff_id))))


def alone(staff_id: int) -> Staff:
    """The account, held until the end of the transaction: of two changes of its second step one waits."""
    services.account(staff_id)
    return db.session.scalars(select(Staff).where(Staff.id == staff_id).with_for_update()).one()


def note(staff: Staff, what: str, *, actor: Actor, now: datetime, changes: dict[str, Any] | None = None) -> None:
    """In the trail, and to the owner by mail. `what` is the end of the action's name: "app_set"."""
    audit.record(f"staff.{what}", ("staff", staff.id), actor=actor, now=now, changes=changes)
    tell(staff, what, now=now, **(changes or {}))


def tell(staff: Staff, what: str, *, now: datetime, key: object = None, **data: Any) -> None:
    """Mail the owner of this account what happened; of mails with the same `key` only the first."""
    queue_mail(
        MAIL,
        staff.email,
        {"name": staff.name, "what": what} | data,
        language=staff.language,
        now=now,
        key=f"{MAIL}:{staff.id}:{key or new_id()}",
    )


def note_wrong(staff_id: int, times: int, *, address: str, now: datetime) -> None:
    """A wrong code, the so manyth of this day. Their owner hears of it once a day."""
    audit.record("staff.second_step_failed", ("staff", staff_id), actor=PUBLIC, now=now, changes={"address": address})
    if times >= TELL_AFTER:
        tell(services.account(staff_id), "wrong_codes", now=now, key=f"wrong:{now:%Y-%m-%d}")


def began(staff: Staff, *, keep_session: int | None, now: datetime) -> None:
    """The first way is there: sessions that were opened by the password alone end, but for the one it was made in."""
    sessions.end_all(staff.id, now=now, besides=keep_session)


def ended(staff: Staff, *, keep_session: int | None, now: datetime) -> None:
    """One way is gone: other sessions end; with the last one the recovery codes go too."""
    db.session.flush()
    if not has(staff.id):
        db.session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.staff_id == staff.id))
    sessions.end_all(staff.id, now=now, besides=keep_session)


def later(staff_id: int, *, now: datetime) -> None:
    """They would rather be asked again in two weeks."""
    db.session.execute(update(Staff).where(Staff.id == staff_id).values(second_step_later_until=now + LATER))


def reset(staff_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """For somebody who lost everything: app, passkeys and recovery codes go, every session ends, they get a mail.

    Nobody does so for themselves (`actor`): that would be a way around. Raises Refused, Invalid without a reason.
    """
    if actor.id == staff_id:
        raise Refused(N_("Nobody can do this for themselves. Ask another administrator."))
    if not reason.strip():
        raise Invalid(N_("Say why: it is kept in the audit trail."), field="reason")
    staff = alone(staff_id)
    if not has(staff_id):
        raise Refused(N_("This person has no second step."))
    for model in (StaffApp, StaffPasskey, StaffRecoveryCode):
        db.session.execute(delete(model).where(model.staff_id == staff_id))
    sessions.end_all(staff_id, now=now)
    note(staff, "second_step_reset", actor=actor, now=now, changes={"reason": reason.strip()})
