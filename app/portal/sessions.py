"""The donor's session: short, ended on the server, in a cookie of its own beside that of staff.

The cookie holds 256 random bits, the database their SHA-256 only. A session is over after half an
hour without a request, after four hours whatever happens, by signing out, and as soon as the mailbox
it was opened from is no longer the one that this supporter is written at.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from app.base.ids import new_id
from app.base.works import Payload, periodic
from app.extensions import db, now
from app.extensions.transactions import writing_apart, writing_in_bulk
from app.portal.models import DonorSession
from app.supporters.contact_models import Email
from app.supporters.models import Supporter

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=4)
TOUCH_EVERY = timedelta(minutes=1)
KEEP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Donor:
    """Who is here, as read at the start of a request. `id` is the supporter's."""

    id: int
    session_id: int
    email_id: int
    email: str
    language: str


def start(supporter_id: int, email_id: int, *, browser: str, now: datetime) -> str:
    """Open a session, inside `with writing():`; the token for the cookie, which is not kept here."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        DonorSession(
            id=new_id(), supporter_id=supporter_id, email_id=email_id, token_hash=_hash(token), browser=browser[:80],
            created_at=now, last_seen_at=now,
        )
    )  # fmt: skip
    return token


def current(token: str, at: datetime) -> Donor | None:
    """Whose living session this is; None where there is none."""
    if not token:
        return None
    row = db.session.execute(
        select(DonorSession, Email.address, Supporter.language)
        .join(Email, (Email.id == DonorSession.email_id) & (Email.supporter_id == DonorSession.supporter_id))
        .join(Supporter, Supporter.id == DonorSession.supporter_id)
        .where(
            DonorSession.token_hash == _hash(token),
            DonorSession.ended_at.is_(None),
            DonorSession.created_at > at - LONGEST,
            DonorSession.last_seen_at > at - IDLE,
            Email.is_primary,
            Supporter.merged_into_id.is_(None),
            Supporter.anonymised_at.is_(None),
            Supporter.is_deceased.is_(False),
        )
    ).first()
    if row is None:
        return None
    found: DonorSession = row[0]
    donor = Donor(found.supporter_id, found.id, found.email_id, row[1], row[2].value)
    if at - found.last_seen_at >= TOUCH_EVERY:
        with writing_apart() as connection:
            connection.execute(update(DonorSession).where(DonorSession.id == donor.session_id).values(last_seen_at=at))
    return donor


def end(session_id: int, *, now: datetime) -> None:
    """Sign out here."""
    db.session.execute(update(DonorSession).where(DonorSession.id == session_id).values(ended_at=now))


def end_all(supporter_id: int, *, now: datetime) -> None:
    """Sign out everywhere."""
    mine = (DonorSession.supporter_id == supporter_id) & DonorSession.ended_at.is_(None)
    db.session.execute(update(DonorSession).where(mine).values(ended_at=now))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@periodic("portal.forget", daily_at="03:55")
def forget(_: Payload) -> None:
    """Remove sessions a month after they began."""
    before = now() - KEEP
    while True:
        with writing_in_bulk() as session:
            ids = list(
                session.execute(select(DonorSession.id).where(DonorSession.created_at < before).limit(500)).scalars()
            )
            session.execute(delete(DonorSession).where(DonorSession.id.in_(ids)))
        if len(ids) < 500:
            return
