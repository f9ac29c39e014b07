"""Legacies: what somebody left us, what we expect of it, and what came in. Only what comes in is booked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import NotFound
from app.base.ids import new_id
from app.base.money import Money
from app.base.states import N_
from app.extensions import db
from app.gifts.models import HELD, LEGACY_MOVES, Gift, Legacy, LegacyState
from app.supporters import queries as supporters


def load(legacy_id: int) -> Legacy:
    """The legacy, or NotFound."""
    legacy = db.session.get(Legacy, legacy_id)
    if legacy is None:
        raise NotFound(N_("This legacy is not there."))
    return legacy


def write(
    legacy_id: int | None, *, supporter_id: int, expected: Money | None, expected_on: date | None,
    programme_id: int | None, notary: str, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Note a legacy, or change what is expected of it. Gives its id."""
    supporters.get(supporter_id)
    legacy = load(legacy_id) if legacy_id is not None else None
    if legacy is None:
        legacy = Legacy(id=new_id(), supporter_id=supporter_id, state=LegacyState.EXPECTED, created_at=now)
        db.session.add(legacy)
    before = legacy.expected_cents
    legacy.expected_cents = expected.cents if expected else None
    legacy.expected_on, legacy.programme_id, legacy.notary = expected_on, programme_id, notary
    told = {"expected_cents": [before, legacy.expected_cents]}
    action = "legacy.changed" if legacy_id else "legacy.noted"
    audit.record(action, ("legacy", legacy.id), actor=actor, now=now, changes=told, person_id=supporter_id)
    return legacy.id


def move(legacy_id: int, state: LegacyState, *, actor: Actor, now: datetime) -> None:
    """All came in, nothing will come, or it is expected again. Raises Refused for a move that makes no sense."""
    legacy = db.session.execute(select(Legacy).where(Legacy.id == legacy_id).with_for_update()).scalar_one_or_none()
    if legacy is None:
        raise NotFound(N_("This legacy is not there."))
    LEGACY_MOVES.check(legacy.state, state)
    told = {"state": [legacy.state.value, state.value]}
    legacy.state = state
    audit.record("legacy.moved", ("legacy", legacy_id), actor=actor, now=now, changes=told)


def received(legacy_ids: Collection[int]) -> dict[int, int]:
    """Cents that came in and stayed, by legacy."""
    rows = db.session.execute(
        select(Gift.legacy_id, func.sum(Gift.amount_cents - Gift.refunded_cents))
        .where(Gift.legacy_id.in_(list(legacy_ids)), Gift.state.in_(HELD))
        .group_by(Gift.legacy_id)
    )
    return {legacy_id: int(cents) for legacy_id, cents in rows if legacy_id is not None}


def rows(state: str) -> Any:
    """Legacies to be paged."""
    wanted = select(Legacy)
    return wanted.where(Legacy.state == LegacyState(state)) if state else wanted


def gifts_of(legacy_id: int) -> list[Gift]:
    mine = select(Gift).where(Gift.legacy_id == legacy_id).order_by(Gift.gift_date.desc(), Gift.id.desc())
    return list(db.session.execute(mine.limit(200)).scalars())
