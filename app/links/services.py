"""Making, looking at, consuming and revoking links.

A GET only ever looks: mail scanners open links before people do. Unknown, expired, used and
revoked all look the same from outside.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from app.base.errors import NotFound
from app.base.ids import new_id
from app.base.states import N_
from app.base.works import Payload, periodic
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk
from app.links.models import Link
from app.vault.rotation import SealedColumn, declare_sealed
from app.vault.services import seal, unseal

declare_sealed(SealedColumn("link", "data_sealed", "link:{id}"))

_TOKEN = re.compile(r"[A-Za-z0-9_-]{27}")


@dataclass(frozen=True, slots=True)
class LinkView:
    """What a link opens: the row it is for, and what was put in with it."""

    id: int
    subject_id: int
    data: dict[str, Any]


def issue(
    purpose: str,
    subject_id: int,
    *,
    now: datetime,
    lifetime: timedelta | None,
    single_use: bool = True,
    data: dict[str, Any] | None = None,
) -> str:
    """A new token of 160 random bits; this is the only time it is known. `lifetime` None: until revoked."""
    token = secrets.token_urlsafe(20)
    row_id = new_id()
    db.session.add(
        Link(
            id=row_id,
            purpose=purpose,
            subject_id=subject_id,
            token_hash=_hash(token),
            data_sealed=seal(json.dumps(data), f"link:{row_id}") if data else None,
            single_use=single_use,
            created_at=now,
            expires_at=now + lifetime if lifetime is not None else None,
        )
    )
    return token


def look(purpose: str, token: str, *, now: datetime) -> LinkView:
    """What the link opens, without using it up. Raises NotFound unless it is good now."""
    return _view(_find(purpose, token, now))


def consume(purpose: str, token: str, *, now: datetime) -> LinkView:
    """Use the link, inside `writing()`. Of many at once exactly one succeeds; raises NotFound for the others."""
    view = look(purpose, token, now=now)
    used = update(Link).where(Link.id == view.id, Link.used_at.is_(None)).values(used_at=now)
    if db.session.execute(used.returning(Link.id)).first() is None and _is_single_use(view.id):
        raise _no_such_link()
    return view


def waiting(purpose: str, subject_id: int, *, now: datetime) -> LinkView | None:
    """The newest link of this purpose for this row that can still be used, if there is one."""
    mine = (Link.purpose == purpose) & (Link.subject_id == subject_id) & Link.revoked_at.is_(None)
    unused = Link.used_at.is_(None) & (Link.expires_at.is_(None) | (Link.expires_at > now))
    link = db.session.execute(select(Link).where(mine, unused).order_by(Link.created_at.desc()).limit(1)).scalar()
    return _view(link) if link is not None else None


def _view(link: Link) -> LinkView:
    data = json.loads(unseal(link.data_sealed, f"link:{link.id}")) if link.data_sealed else {}
    return LinkView(link.id, link.subject_id, data)


def revoke(purpose: str, subject_id: int, *, now: datetime) -> None:
    """Make every link of this purpose for this row useless from now on."""
    mine = (Link.purpose == purpose) & (Link.subject_id == subject_id) & Link.revoked_at.is_(None)
    db.session.execute(update(Link).where(mine).values(revoked_at=now))


def remove(purpose: str, subject_ids: Iterable[int]) -> None:
    """Delete the links of this purpose for these rows, with what was put in."""
    db.session.execute(delete(Link).where(Link.purpose == purpose, Link.subject_id.in_(list(subject_ids))))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _no_such_link() -> NotFound:
    return NotFound(N_("This link does not work any more. Ask for a new one."))


def _find(purpose: str, token: str, at: datetime) -> Link:
    if not _TOKEN.fullmatch(token):
        raise _no_such_link()
    link = db.session.execute(
        select(Link).where(Link.token_hash == _hash(token), Link.purpose == purpose)
    ).scalar_one_or_none()
    if (
        link is None
        or link.revoked_at is not None
        or (link.single_use and link.used_at is not None)
        or (link.expires_at is not None and link.expires_at <= at)
    ):
        raise _no_such_link()
    return link


def _is_single_use(link_id: int) -> bool:
    return bool(db.session.execute(select(Link.single_use).where(Link.id == link_id)).scalar())


@periodic("links.forget", daily_at="03:40")
def forget(payload: Payload) -> None:
    """Remove links that have been of no use for 30 days."""
    before = now() - timedelta(days=30)
    over = (Link.expires_at < before) | (Link.revoked_at < before) | (Link.single_use & (Link.used_at < before))
    while True:
        with writing_in_bulk() as session:
            ids = list(session.execute(select(Link.id).where(over).limit(500)).scalars())
            session.execute(delete(Link).where(Link.id.in_(ids)))
        if len(ids) < 500:
            return
