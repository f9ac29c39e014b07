"""Make and change rounds; yearly ones get their successor once they close."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import add_months, local_date
from app.base.errors import Invalid
from app.base.events import publish
from app.base.states import N_
from app.extensions import db
from app.grants.events import DeadlinesMoved
from app.grants.funders.models import Funder
from app.grants.rounds.models import Recurrence, Round
from app.grants.rows import check_version, locked

BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFacts:
    """What staff fill in about a round."""

    name: str
    closes_on: date
    opens_on: date | None = None
    decision_on: date | None = None
    recurrence: Recurrence = Recurrence.NONE


def open_round(funder_id: int, facts: RoundFacts, *, actor: Actor, now: datetime) -> int:
    """Add a round to a funder."""
    funder = locked(Funder, funder_id)
    _check(facts)
    row = Round(funder_id=funder.id, created_at=now, version=1)
    _write(row, facts)
    db.session.add(row)
    db.session.flush()
    audit.record("round.added", ("funder", funder.id), actor=actor, now=now, changes=_told(facts))
    return row.id


def change(round_id: int, facts: RoundFacts, *, version: int | None, actor: Actor, now: datetime) -> None:
    """Change a round; the years after it follow its new days, and so do tasks counted back from its last."""
    row = locked(Round, round_id)
    check_version(row.version, version)
    _check(facts)
    _write(row, facts)
    if changes := audit.changes_of(row):
        row.version += 1
        db.session.flush()
        audit.record("round.changed", ("funder", row.funder_id), actor=actor, now=now, changes=changes)
        if "closes_on" in changes:
            publish(DeadlinesMoved(ids=(row.id,), subject="round", actor=actor, at=now))


def next_occurrence(row: Round) -> RoundFacts:
    """The same round a year on; 29 February is the 28th in other years and the 29th again in its own."""

    def year_on(day: date | None, anchor: int | None) -> date | None:
        return add_months(day, 12, anchor=anchor) if day else None

    closes_on = year_on(row.closes_on, row.closes_day)
    assert closes_on is not None  # noqa: S101 (a round always closes)
    return RoundFacts(
        name=_name_of_year(row.name, row.closes_on.year, closes_on.year),
        closes_on=closes_on,
        opens_on=year_on(row.opens_on, row.opens_day),
        decision_on=year_on(row.decision_on, row.decision_day),
        recurrence=row.recurrence,
    )


def follow_up(*, actor: Actor, now: datetime, limit: int = BATCH) -> int:
    """Make the successor of yearly rounds that have closed and have none yet. Gives how many were made.

    Run again until it makes none: after a long standstill a round may be several years behind.
    """
    today = local_date(now)
    later = Round.__table__.alias("later")
    behind = (
        select(Round)
        .where(Round.recurrence == Recurrence.YEARLY, Round.closes_on < today)
        .where(~select(later.c.id).where(later.c.previous_id == Round.id).exists())
        .order_by(Round.id)
        .limit(limit)
        .with_for_update()
    )
    rows = list(db.session.execute(behind).scalars())
    for row in rows:
        successor = Round(funder_id=row.funder_id, previous_id=row.id, created_at=now, version=1)
        _write(successor, next_occurrence(row))
        # The days that were wanted stay, whatever this year's calendar made of them.
        successor.opens_day, successor.closes_day, successor.decision_day = (
            row.opens_day,
            row.closes_day,
            row.decision_day,
        )
        db.session.add(successor)
    db.session.flush()
    return len(rows)


def _name_of_year(name: str, old: int, new: int) -> str:
    """ "Round 2026" becomes "Round 2027"; a name without its year stays."""
    return name.replace(str(old), str(new))


def _write(row: Round, facts: RoundFacts) -> None:
    # A date that stays keeps the day it was meant for: correcting a name in 2027 must not turn
    # a round of 29 February into one of the 28th.
    for part in ("opens", "closes", "decision"):
        day: date | None = getattr(facts, f"{part}_on")
        if getattr(row, f"{part}_on", None) != day or getattr(row, f"{part}_day", None) is None:
            setattr(row, f"{part}_day", day.day if day else None)
        setattr(row, f"{part}_on", day)
    row.name, row.recurrence = facts.name, facts.recurrence


def _check(facts: RoundFacts) -> None:
    if not facts.name.strip():
        raise Invalid(N_("Please fill this in."), field="name")
    if facts.opens_on and facts.opens_on > facts.closes_on:
        raise Invalid(N_("The round closes before it opens."), field="closes_on")
    if facts.decision_on and facts.decision_on <= facts.closes_on:
        raise Invalid(N_("The decision comes after the round closes."), field="decision_on")


def _told(facts: RoundFacts) -> dict[str, str]:
    return {"name": facts.name, "closes_on": facts.closes_on.isoformat(), "recurrence": facts.recurrence.value}
