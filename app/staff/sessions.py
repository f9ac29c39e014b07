"""Signed-in sessions kept on the server, so that ending one works on the very next request.

The cookie carries a random token; the database its SHA-256 only. A session ends by signing
out, by being revoked, after `session_idle_minutes` without a request, and after
`session_hours` whatever happens.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import request, session
from flask_login import UserMixin
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from app.base.actor import Actor
from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db, now, settings
from app.extensions.transactions import in_writing, writing_apart
from app.links import services as links
from app.staff import queries
from app.staff.models import Staff, StaffSession
from app.ui.permissions import ROLE_PERMISSIONS, Permission, Role

COOKIE_KEY = "staff"
TOUCH_EVERY = timedelta(minutes=1)
FRESH_FOR = timedelta(minutes=10)
SIGNING_IN = "staff.signing_in"  # purpose of the links that hold who has done some steps, not yet all

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn(UserMixin):
    """Who is signed in, as read at the start of this request (`current_user`)."""

    id: int
    name: str
    email: str
    role: Role
    language: str
    theme: str
    session_id: int
    proved_at: datetime
    has_second_step: bool
    asked_again_from: datetime | None

    @property
    def actor(self) -> Actor:
        return Actor("staff", self.id)

    def can(self, permission: Permission) -> bool:
        return permission in ROLE_PERMISSIONS[self.role]

    @property
    def owes_second_step(self) -> bool:
        """Whether this role cannot do without a second step, and there is none yet."""
        return not self.has_second_step and self.role.value in settings().second_step_required

    def is_fresh(self, at: datetime) -> bool:
        """Whether they proved who they are within the last ten minutes, by signing in or by confirming it."""
        return at - self.proved_at < FRESH_FOR


def start(staff_id: int, *, address: str, browser: str, now: datetime) -> str:
    """Open a session for this person; the token for the cookie, which is not kept here."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        StaffSession(
            staff_id=staff_id,
            token_hash=_hash(token),
            created_at=now,
            last_seen_at=now,
            address=address[:45],
            browser=browser[:200],
        )
    )
    db.session.execute(update(Staff).where(Staff.id == staff_id).values(last_sign_in_at=now))
    return token


def remember(token: str) -> None:
    """Put a fresh session's token in the cookie; whatever the cookie held before is gone (fixation)."""
    session.clear()
    session[COOKIE_KEY] = token


def current(token: str, at: datetime) -> SignedIn | None:
    """Whose living session this is, None if it is unknown, ended, too old or the account is closed."""
    config = settings()
    row = db.session.execute(
        select(Staff, StaffSession, queries.second_step_of(Staff.id))
        .join(StaffSession, StaffSession.staff_id == Staff.id)
        .where(
            StaffSession.token_hash == _hash(token),
            StaffSession.ended_at.is_(None),
            StaffSession.created_at > at - timedelta(hours=config.session_hours),
            StaffSession.last_seen_at > at - timedelta(minutes=config.session_idle_minutes),
            Staff.active,
        )
    ).first()
    if row is None:
        return None
    staff, held, has_second_step = row
    signed_in = SignedIn(
        staff.id,
        staff.name,
        staff.email,
        staff.role,
        staff.language,
        staff.theme,
        held.id,
        held.confirmed_at or held.created_at,
        bool(has_second_step),
        staff.second_step_later_until,
    )
    if at - held.last_seen_at >= TOUCH_EVERY:
        _touch(held.id, at)
    return signed_in


def load_from_request(_request: object) -> SignedIn | None:
    """Flask-Login asks once per request, when `current_user` is first used."""
    token = session.get(COOKIE_KEY)
    return current(token, now()) if isinstance(token, str) else None


def end(session_id: int, staff_id: int, *, now: datetime) -> None:
    """End one session of this person. NotFound if it is not theirs."""
    changed = db.session.execute(
        update(StaffSession)
        .where(StaffSession.id == session_id, StaffSession.staff_id == staff_id)
        .values(ended_at=now)
        .returning(StaffSession.id)
    ).first()
    if changed is None:
        raise NotFound(N_("This session is not there any more."))


def confirm(session_id: int, *, now: datetime) -> None:
    """Note that who uses this session has just proved anew who they are."""
    db.session.execute(update(StaffSession).where(StaffSession.id == session_id).values(confirmed_at=now))


def end_all(staff_id: int, *, now: datetime, besides: int | None = None) -> None:
    """End every living session of this person, except the session `besides`, and whatever sign-in is half done."""
    links.revoke(SIGNING_IN, staff_id, now=now)
    statement = update(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
    if besides is not None:
        statement = statement.where(StaffSession.id != besides)
    db.session.execute(statement.values(ended_at=now))


def living(staff_id: int, at: datetime) -> list[StaffSession]:
    """Sessions of this person that would still be let in, the latest first."""
    config = settings()
    return list(
        db.session.scalars(
            select(StaffSession)
            .where(
                StaffSession.staff_id == staff_id,
                StaffSession.ended_at.is_(None),
                StaffSession.created_at > at - timedelta(hours=config.session_hours),
                StaffSession.last_seen_at > at - timedelta(minutes=config.session_idle_minutes),
            )
            .order_by(StaffSession.last_seen_at.desc())
            .limit(100)
        )
    )


def client_label() -> tuple[str, str]:
    """Address and browser of this request, for the list of sessions."""
    return request.remote_addr or "", request.user_agent.string


def _touch(session_id: int, at: datetime) -> None:
    """Note that the session lives. If it cannot be written, it ends sooner: reading goes on."""
    if in_writing():
        return
    try:
        with writing_apart() as connection:
            connection.execute(update(StaffSession).where(StaffSession.id == session_id).values(last_seen_at=at))
    except OperationalError:
        log.warning("a session's last use could not be noted")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
