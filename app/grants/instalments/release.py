"""Conditions that are met: a report accepted, an agreement signed, a date come. Set-based throughout."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.ids import new_ids
from app.extensions import db
from app.grants.awards.models import RUNNING, Grant
from app.grants.conditions.holding import IS_HELD
from app.grants.history import facts as move_facts
from app.grants.instalments.models import INSTALMENT_MOVES, Instalment, InstalmentMove, InstalmentState, Trigger

_S = InstalmentState
_KEPT = (_S.RECEIVED, _S.WITHHELD, _S.SETTLED)  # stay what they are, whatever becomes of what they waited for
BATCH = 500


def for_report(obligation_id: int, *, on: date, actor: Actor, now: datetime) -> list[int]:
    """The report is accepted (or waived): what waited for it is due."""
    return _release(Instalment.obligation_id == obligation_id, on=on, actor=actor, now=now)


def for_signature(grant_id: int, *, on: date, actor: Actor, now: datetime) -> list[int]:
    """The agreement is signed: what waited for the signature is due."""
    waiting = (Instalment.grant_id == grant_id) & (Instalment.triggered_by == Trigger.SIGNATURE)
    return _release(waiting, on=on, actor=actor, now=now)


def for_date(*, actor: Actor, now: datetime, limit: int = BATCH) -> int:
    """Instalments of running grants whose day has come are due. Run again until it gives 0."""
    today = local_date(now)
    running = select(Grant.id).where(Grant.state.in_(RUNNING))
    come = (
        (Instalment.triggered_by == Trigger.DATE) & (Instalment.expected_on <= today) & Instalment.grant_id.in_(running)
    )
    return len(_release(come, on=today, actor=actor, now=now, limit=limit))


def take_back_report(obligation_id: int, *, actor: Actor, now: datetime) -> list[int]:
    """A report is not accepted or waived after all: what is due and not yet requested waits again."""
    found = select(Instalment.id).where(Instalment.obligation_id == obligation_id, Instalment.state == _S.DUE)
    ids = list(db.session.execute(found.with_for_update()).scalars())
    # One that was received or withheld goes back to waiting, once that is undone.
    met = update(Instalment).where(Instalment.obligation_id == obligation_id, Instalment.state.in_(_KEPT))
    db.session.execute(met.values(released_on=None))
    return advance(ids, _S.DUE, _S.CONDITIONAL, {"released_on": None}, actor=actor, now=now)


def _release(which: ColumnElement[bool], *, on: date, actor: Actor, now: datetime, limit: int = BATCH) -> list[int]:
    # What an unmet condition holds stays conditional; meeting the condition looks at the trigger again.
    free = (Instalment.state == _S.CONDITIONAL) & ~IS_HELD
    found = select(Instalment.id).where(which, free).order_by(Instalment.id).limit(limit)
    ids = list(db.session.execute(found.with_for_update()).scalars())
    # One that was received or withheld before its condition was met remembers that it is met now.
    met = update(Instalment).where(which, Instalment.state.in_(_KEPT))
    db.session.execute(met.where(Instalment.released_on.is_(None)).values(released_on=on))
    return advance(ids, _S.CONDITIONAL, _S.DUE, {"released_on": on}, actor=actor, now=now)


def advance(
    ids: Iterable[int],
    before: InstalmentState,
    after: InstalmentState,
    values: dict[str, Any],
    *,
    actor: Actor,
    now: datetime,
    note: str = "",
) -> list[int]:
    """Move instalments that are held and all in state `before`; history and trail included."""
    ids = list(ids)
    if not ids:
        return []
    INSTALMENT_MOVES.check(before, after)
    moved = update(Instalment).where(Instalment.id.in_(ids), Instalment.state == before)
    db.session.execute(
        moved.values(state=after, version=Instalment.version + 1, **values),
        execution_options={"synchronize_session": False},
    )
    db.session.expire_all()
    fact = move_facts(before, after, actor=actor, now=now, note=note)
    rows = [
        {"id": move_id, "instalment_id": row_id, **fact} for move_id, row_id in zip(new_ids(len(ids)), ids, strict=True)
    ]
    db.session.execute(insert(InstalmentMove), rows)
    audit.record_many(
        [
            audit.Trace(
                action="instalment.moved",
                subject=("instalment", row_id),
                changes={"state": [before.value, after.value], **({"note": note} if note else {})},
            )
            for row_id in ids
        ],
        actor=actor,
        now=now,
    )
    return ids
