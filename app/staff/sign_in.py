"""Signing in, as steps: password, then whatever else is registered, then the session.

A step is one page. `proceed` decides what comes next: the page of the first step that
applies to this person and is not done, or the session. A second factor registers itself
with `add_step` and calls `proceed` when it is satisfied; no view here changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import session
from sqlalchemy import select

from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.extensions import db, limits
from app.links import services as links
from app.staff import passwords
from app.staff.models import Staff, email_key
from app.staff.sessions import SIGNING_IN

PENDING_KEY = "signing_in"
PENDING_FOR = timedelta(minutes=10)
WRONG = N_("This e-mail address and password do not go together. Check both and try again.")


@dataclass(frozen=True, slots=True)
class Step:
    """A page between the password and the session, for those it `applies` to (by staff id). What was done is told by
    the name of the step, or by one of the ways it can be done `by`."""

    name: str
    endpoint: str
    applies: Callable[[int], bool]
    by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody who has done some steps, not yet all: `done` names them. `token` is what the cookie holds of it."""

    staff_id: int
    done: tuple[str, ...]
    target: str
    token: str = ""


class NotOnTheWay(Refused):
    """Nobody is between two steps in this browser, or it took too long, or was done already."""

    def __init__(self) -> None:
        super().__init__(N_("This took too long. Sign in again."))


_steps: list[Step] = []


def add_step(step: Step) -> None:
    if step.name not in [known.name for known in _steps]:
        _steps.append(step)


def next_step(staff_id: int, done: tuple[str, ...]) -> Step | None:
    """The first step that this person still has to do."""
    missing = (step for step in _steps if not ({step.name} | step.by) & set(done))
    return next((step for step in missing if step.applies(staff_id)), None)


def hold(pending: Pending, at: datetime) -> str:
    """Remember between two steps who is on the way, for ten minutes: the token for the cookie. It opens no page, is
    used up by getting in, and ends with the person's sessions (a new password, a closed account)."""
    data = {"done": list(pending.done), "target": pending.target}
    return links.issue(SIGNING_IN, pending.staff_id, now=at, lifetime=PENDING_FOR, data=data)


def remember(token: str) -> None:
    """Put that token in the cookie; whatever the cookie held before is gone."""
    session.clear()
    session[PENDING_KEY] = token


def held(at: datetime) -> Pending:
    """Who is on the way in this browser. Raises NotOnTheWay."""
    token = session.get(PENDING_KEY)
    try:
        view = links.look(SIGNING_IN, str(token), now=at)
    except NotFound:
        raise NotOnTheWay from None
    return Pending(view.subject_id, tuple(view.data["done"]), view.data["target"], str(token))


def arrive(pending: Pending, at: datetime) -> Staff:
    """All steps are done: use up what was held between them. Of several at once one gets in. Raises NotOnTheWay."""
    if pending.token:
        try:
            links.consume(SIGNING_IN, pending.token, now=at)
        except NotFound:
            raise NotOnTheWay from None
    staff = db.session.get(Staff, pending.staff_id)
    if staff is None or not staff.active:
        raise NotOnTheWay
    return staff


@dataclass(frozen=True, slots=True)
class Found:
    """Whose password it was, and the hash it fitted."""

    id: int
    password_hash: str


class WrongPassword(Invalid):
    """Not let in. `staff_id` is the account that was tried, 0 where there is none: for the trail, not the page."""

    def __init__(self, staff_id: int) -> None:
        super().__init__(WRONG, field="password")
        self.staff_id = staff_id


def check_password(email: str, password: str, *, address: str, known_device: str | None) -> Found:
    """Whose password this is. Holds no transaction open, and costs the same for an unknown address.

    Attempts are counted before the password is tried, so that many at once are counted too.
    A device that signed in to this account before is counted apart: an attacker elsewhere
    cannot shut the real person out. Raises TooMany or WrongPassword.
    """
    key = email_key(email)
    who = f"device:{known_device}" if known_device else f"account:{key}"
    place = limits.network(address)
    if known_device is None:
        limits.hit("sign-in address", place, 60, 600)
    limits.hit("sign-in pair", f"{place}|{who}", 10, 600)
    limits.delay("sign-in", who)
    row = db.session.execute(select(Staff.id, Staff.password_hash, Staff.active).where(Staff.email_key == key)).first()
    db.session.rollback()
    open_hash = row.password_hash if row and row.active else None
    if not passwords.matches(password, open_hash) or row is None or open_hash is None:
        raise WrongPassword(row.id if row else 0)
    limits.forget("sign-in pair", f"{place}|{who}", 600)
    limits.forget("sign-in", who)
    return Found(row.id, open_hash)
