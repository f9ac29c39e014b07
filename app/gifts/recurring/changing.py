"""Changes of a commitment: amount, day, pause, skip, stop, another mandate. Inside `with writing():`.

Each takes effect in our own schedule at once and says from which day on, and what is under way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.direct_debit import collections
from app.direct_debit.models import Mandate
from app.direct_debit.states import MandateState
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk
from app.gifts.recurring import schedule
from app.gifts.recurring.amounts import next_amounts
from app.gifts.recurring.effects import Effect, day_of, locked, skippable, under_way
from app.gifts.recurring.history import Change, tell
from app.gifts.recurring.models import Commitment, CommitmentAmount
from app.gifts.recurring.states import MOVES, ChangeKind, CommitmentState, EndReason
from app.organisation.queries import profile
from app.supporters.models import Supporter

_S = CommitmentState
_CHUNK = 200
_OVER = N_("This recurring gift has ended.")
LONGEST_PAUSE = timedelta(days=366 * 2)


def change_amount(
    commitment_id: int, cents: int, *, actor: Actor, now: datetime, from_on: date | None = None
) -> Effect:
    """Give another amount from the first instalment that can still be announced in time, or later.
    Raises Invalid (no amount, the same amount), Refused (ended), NotFound."""
    row = _open(commitment_id)
    if cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="amount")
    if next_amounts([row.id]).get(row.id) == cents and not _later_amounts(row):
        raise Invalid(N_("This is the amount already."), field="amount")
    due = first_changeable(row, now)
    if from_on is not None and from_on > due:
        due = schedule.due_on_or_after(row.next_on, from_on, row.frequency, row.day)
    # What was to change later on and never came into force gives way; its history stays.
    later = (CommitmentAmount.commitment_id == row.id) & (CommitmentAmount.from_on >= due)
    db.session.execute(delete(CommitmentAmount).where(later), execution_options={"synchronize_session": False})
    db.session.execute(
        insert(CommitmentAmount).values(id=new_id(), commitment_id=row.id, from_on=due, cents=cents, created_at=now)
    )
    return _done(row, ChangeKind.AMOUNT, row.state, due, actor, now, cents=cents)


def first_changeable(row: Any, now: datetime) -> date:
    """The first due day whose changed amount can still be announced in time (DOMAIN.md 1.2)."""
    due, earliest = row.next_on, day_of(now) + timedelta(days=profile().notice_days)
    while schedule.collect_day(due) < earliest:
        due = schedule.following(due, row.frequency, row.day)
    return due


def change_day(commitment_id: int, day: int, *, actor: Actor, now: datetime) -> Effect:
    """Collect on another day of the month; the rhythm and its periods stay. Raises Invalid, Refused, NotFound."""
    row = _open(commitment_id)
    if not 1 <= day <= 31:
        raise Invalid(N_("Choose a day from 1 to 31."), field="day")
    due = schedule.due_in(row.next_on, day)
    _reschedule(row, due, _not_before(row, now), day=day)
    return _done(row, ChangeKind.DAY, row.state, due, actor, now)


def pause(commitment_id: int, until: date, *, actor: Actor, now: datetime) -> Effect:
    """Collect nothing before this day. What is planned but not sent yet is withdrawn.
    Raises Invalid (a day that is over, or too far), Refused, NotFound."""
    row = _open(commitment_id)
    today = day_of(now)
    if until <= today:
        raise Invalid(N_("Choose a day to come."), field="until")
    if until > today + LONGEST_PAUSE:
        raise Invalid(N_("A pause lasts at most two years."), field="until")
    if row.state is not _S.PAUSED:
        MOVES.check(row.state, _S.PAUSED)
    collections.withdraw([row.id], "paused", actor=actor, now=now, before=until)
    due = schedule.due_on_or_after(row.next_on, until, row.frequency, row.day)
    due = max(due, row.next_on)
    _reschedule(row, due, _not_before(row, now), state=_S.PAUSED, resume_on=until)
    return _done(row, ChangeKind.PAUSED, _S.PAUSED, due, actor, now)


def resume(commitment_id: int, *, actor: Actor, now: datetime) -> Effect:
    """Go on giving, from the next due day on. Raises Refused (not paused or on hold), NotFound."""
    row = _open(commitment_id)
    MOVES.check(row.state, _S.ACTIVE)
    if not _has_valid_mandate(row):
        raise Refused(N_("The mandate is not valid: this needs a new mandate first."))
    due = schedule.due_on_or_after(row.next_on, day_of(now), row.frequency, row.day)
    while collections.is_taken(row.id, schedule.period_of(due)):
        due = schedule.following(due, row.frequency, row.day)
    _reschedule(row, due, _not_before(row, now), state=_S.ACTIVE, resume_on=None)
    return _done(row, ChangeKind.RESUMED, _S.ACTIVE, due, actor, now)


def skip(commitment_id: int, seen: str, *, actor: Actor, now: datetime) -> Effect:
    """Leave out the next instalment, once from however many windows: `seen` is its day as the page named it
    (`effects.skippable`, ISO). The effect names the day of the first collection after it."""
    row = _open(commitment_id)
    if seen != skippable(row, under_way(row.id)).isoformat():
        raise Refused(N_("This changed in the meantime. Look below at how it stands now."))
    if row.state is not _S.ACTIVE:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)
    due = row.next_on
    if not collections.withdraw([row.id], "skipped", actor=actor, now=now):
        collections.take_periods([(row.id, schedule.period_of(due))])
        due = schedule.following(due, row.frequency, row.day)
        _reschedule(row, due, None)
    return _done(row, ChangeKind.SKIPPED, row.state, due, actor, now)


def paid_ahead(commitment_id: int, *, actor: Actor, now: datetime) -> Effect:
    """The next instalment was paid by its donor already: nothing is collected for it any more."""
    row = _open(commitment_id)
    freed = collections.withdraw([row.id], "paid by the donor", actor=actor, now=now, free=True)
    paid = min([row.next_on, *(schedule.due_in(period, row.day) for period in collections.periods_of(freed))])
    collections.take_periods([(row.id, schedule.period_of(paid))])
    due = max(row.next_on, schedule.following(paid, row.frequency, row.day))
    _reschedule(row, due, None)
    return _done(row, ChangeKind.SKIPPED, row.state, due, actor, now, note="paid by the donor")


def end(commitment_id: int, reason: EndReason, *, actor: Actor, now: datetime, note: str = "") -> Effect:
    """Collect nothing any more. The mandate stays what it is. Raises Refused (ended before), NotFound."""
    row = locked(commitment_id)
    MOVES.check(row.state, _S.ENDED)
    collections.withdraw([row.id], "ended", actor=actor, now=now)
    _set(row.id, state=_S.ENDED, ended_on=day_of(now), end_reason=reason, resume_on=None)
    return _done(row, ChangeKind.ENDED, _S.ENDED, None, actor, now, note=note or reason.value)


def hold(commitment_id: int, note: str, *, actor: Actor, now: datetime) -> None:
    """Collect nothing until the donor, or somebody for them, mends what is wrong. Nothing if it ended."""
    row = locked(commitment_id)
    if row.state in (_S.ENDED, _S.ON_HOLD):
        return
    MOVES.check(row.state, _S.ON_HOLD)
    collections.withdraw([row.id], "on hold", actor=actor, now=now)
    _set(row.id, state=_S.ON_HOLD, resume_on=None)
    _done(row, ChangeKind.HELD, _S.ON_HOLD, None, actor, now, note=note)


def use_mandate(commitment_id: int, mandate_id: int, *, actor: Actor, now: datetime) -> Effect:
    """Collect by another mandate from now on, announced anew. Call it once that mandate is valid."""
    row = _open(commitment_id)
    freed = collections.withdraw([row.id], "another mandate", actor=actor, now=now, free=True)
    due = schedule.due_on_or_after(row.next_on, day_of(now), row.frequency, row.day)
    due = min([due, *(schedule.due_in(period, row.day) for period in collections.periods_of(freed))])
    while collections.is_taken(row.id, schedule.period_of(due)):  # paid by the donor, or left out
        due = schedule.following(due, row.frequency, row.day)
    state = _S.PAUSED if row.state is _S.PAUSED else _S.ACTIVE
    values = {"mandate_id": mandate_id, "noticed_cents": None, "notice_from": None, "state": state}
    _reschedule(row, due, None, **values)
    return _done(row, ChangeKind.MANDATE, state, due, actor, now)


def activate(mandate_ids: Iterable[int], *, actor: Actor, now: datetime) -> None:
    """What waited for these mandates begins."""
    waiting = select(Commitment.id).where(Commitment.mandate_id.in_(list(mandate_ids)), Commitment.state == _S.PENDING)
    for commitment_id in db.session.execute(waiting).scalars().all():
        row = locked(commitment_id)
        _reschedule(row, row.next_on, _not_before(row, now), state=_S.ACTIVE)
        _done(row, ChangeKind.MANDATE, _S.ACTIVE, row.next_on, actor, now)


def resume_due(*, actor: Actor) -> None:
    """What was paused until today, or a day before, is active again. Opens its own transactions."""
    at = now()
    over = select(Commitment.id).where(Commitment.state == _S.PAUSED, Commitment.resume_on <= local_date(at))

    def go_on(row_id: int) -> None:
        if _has_valid_mandate(locked(row_id)):
            resume(row_id, actor=actor, now=at)
        else:
            hold(row_id, "mandate not valid", actor=actor, now=at)

    _one_by_one(over, go_on)


def end_for(supporter_ids: Sequence[int], reason: EndReason, *, actor: Actor, now: datetime) -> None:
    """End every recurring gift of these supporters."""
    theirs = Commitment.supporter_id.in_(supporter_ids) & (Commitment.state != _S.ENDED)
    for commitment_id in db.session.scalars(select(Commitment.id).where(theirs)).all():
        end(commitment_id, reason, actor=actor, now=now)


def end_for_gone(*, actor: Actor) -> None:
    """End what still runs for who died or was erased, such as after a merge. Opens its own transactions."""
    at = now()
    gone = or_(Supporter.is_deceased, Supporter.anonymised_at.is_not(None))
    over = (
        select(Commitment.id)
        .join(Supporter, Supporter.id == Commitment.supporter_id)
        .where(gone, Commitment.state != _S.ENDED)
    )

    def stop(row_id: int) -> None:
        died = select(Supporter.is_deceased).join(Commitment, Commitment.supporter_id == Supporter.id)
        reason = db.session.execute(died.where(Commitment.id == row_id)).scalar()
        end(row_id, EndReason.DECEASED if reason else EndReason.ERASED, actor=actor, now=at)

    _one_by_one(over, stop)


def _one_by_one(wanted: Any, change: Any) -> None:
    while True:
        ids = db.session.execute(wanted.limit(_CHUNK)).scalars().all()
        db.session.rollback()
        for start in range(0, len(ids), 20):
            with writing_in_bulk():
                for row_id in ids[start : start + 20]:
                    change(row_id)
        if len(ids) < _CHUNK:
            return


def _open(commitment_id: int) -> Any:
    row = locked(commitment_id)
    if row.state is _S.ENDED:
        raise Refused(_OVER)
    return row


def _has_valid_mandate(row: Any) -> bool:
    state = db.session.execute(select(Mandate.state).where(Mandate.id == row.mandate_id)).scalar()
    return state is MandateState.ACTIVE


def _later_amounts(row: Any) -> bool:
    later = (CommitmentAmount.commitment_id == row.id) & (CommitmentAmount.from_on > row.next_on)
    return db.session.execute(select(CommitmentAmount.id).where(later)).first() is not None


def _not_before(row: Any, now: datetime) -> date:
    """A day that is over cannot be collected on: the first one that can."""
    return day_of(now) + timedelta(days=1)


def _reschedule(row: Any, due: date, not_before: date | None, **values: Any) -> None:
    if row.notice_from and values.get("mandate_id") is None:
        not_before = max(not_before or row.notice_from, row.notice_from)
    _set(row.id, next_on=due, collect_on=schedule.collect_day(due, not_before), **values)


def _set(commitment_id: int, **values: Any) -> None:
    db.session.execute(
        update(Commitment).where(Commitment.id == commitment_id).values(**values),
        execution_options={"synchronize_session": False},
    )


def _done(
    row: Any, kind: ChangeKind, after: CommitmentState, on: date | None, actor: Actor, now: datetime,
    *, cents: int | None = None, note: str = "",
) -> Effect:  # fmt: skip
    tell([Change(row.id, kind, row.state, after, on, cents, note)], actor=actor, now=now)
    changes: dict[str, Any] = {"state": [row.state.value, after.value]} if after is not row.state else {}
    changes |= {"cents": [None, cents]} if cents else {}
    changes |= {"on": [None, on.isoformat()]} if on else {}
    audit.record(f"commitment.{kind.value}", ("commitment", row.id), actor=actor, now=now, changes=changes)
    first = schedule.collect_day(on) if on else None
    return Effect(first, under_way(row.id))
