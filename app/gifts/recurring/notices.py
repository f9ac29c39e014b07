"""Notice: what will be collected is told at least 14 days before, or the term agreed with donors.

One notice covers a schedule, until the amount or the mandate changes (DOMAIN.md 1.2). The mail and
the note of it are one transaction; planning takes nothing that was not announced in time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from app.base.actor import Actor, system
from app.base.dates import local_date
from app.base.events import on
from app.base.works import Payload, periodic
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk
from app.gifts.recurring import mails, schedule
from app.gifts.recurring.amounts import amount_on, next_amounts
from app.gifts.recurring.history import Change, tell
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import ChangeKind, CommitmentState
from app.organisation.queries import profile
from app.outbox import letters
from app.outbox.events import LettersPosted
from app.supporters.models import Supporter

NOTIFIER = system("notices")
MARGIN = timedelta(days=7)  # told so much earlier than must be, so that a day without a worker delays nobody
POSTED_IN = timedelta(days=5)  # how long a letter may wait to be printed before its day has to be a later one
_BATCH = 50
LIVE = (CommitmentState.ACTIVE, CommitmentState.PAUSED)


def unannounced(until: date) -> Any:
    """What is collected up to this day and was not announced, or with another amount."""
    told = Commitment.noticed_cents
    return (
        Commitment.state.in_(LIVE)
        & (Commitment.collect_on <= until)
        & or_(told.is_(None), told != amount_on(Commitment.next_on))
    )


@periodic("recurring.notices", every=timedelta(hours=3))
def give_notice(_: Payload) -> None:
    """Tell those whose first or changed amount comes near. Who has no mailbox is told once the letter is posted."""
    days, last = profile().notice_days, 0
    if untrue := _untrue(local_date(now()) + timedelta(days=days)):
        with writing_in_bulk():
            letters.withdraw(untrue)
    db.session.rollback()
    while True:
        until = local_date(now()) + timedelta(days=days) + MARGIN
        with writing_in_bulk() as session:
            rows = session.scalars(
                select(Commitment)
                .join(Supporter, Supporter.id == Commitment.supporter_id)
                .where(
                    unannounced(until),
                    Commitment.id > last,
                    Supporter.is_deceased.is_(False),
                    Supporter.anonymised_at.is_(None),
                )
                .order_by(Commitment.id)
                .limit(_BATCH)
                .with_for_update(of=Commitment)
            ).all()
            _announce(rows, days, now())
        if len(rows) < _BATCH:
            return
        last = rows[-1].id


def _announce(rows: Sequence[Commitment], days: int, at: datetime) -> None:
    cents = next_amounts([row.id for row in rows])
    paper = mails.on_paper(rows)
    people = {row.supporter_id for row in rows if row.id in paper}
    waiting = {data["of"][0] for data in letters.said(mails.NOTICE, people=people).values()} if paper else set()
    rows = [row for row in rows if row.mandate_id and not (row.id in paper and row.id in waiting)]
    for row in rows:  # the day that the notice names is the day that it will be
        earliest = local_date(at) + timedelta(days=days) + (POSTED_IN if row.id in paper else timedelta(0))
        row.collect_on = schedule.collect_day(row.next_on, max(row.collect_on, earliest))
    mails.announce(rows, cents, now=at)
    _note([row for row in rows if row.id not in paper], cents, NOTIFIER, at, "mail")


def _untrue(earliest: date) -> list[int]:
    """Letters that wait and do not hold any more: another amount or mandate, told by mail or ended since, or
    their day can no longer be made."""
    waiting = letters.said(mails.NOTICE)
    rows = _rows_of(waiting)
    return [i for i, data in waiting.items() if not _holds(data, rows, earliest)]


def _rows_of(said: Mapping[int, dict[str, Any]]) -> dict[int, tuple[Commitment, int]]:
    """The recurring gifts that these letters are about and that still must be told, with what they give next."""
    ids = [data["of"][0] for data in said.values()]
    cents = next_amounts(ids)
    wanted = select(Commitment).where(Commitment.id.in_(ids), unannounced(date.max))
    return {row.id: (row, cents[row.id]) for row in db.session.scalars(wanted)}


def _holds(data: dict[str, Any], rows: Mapping[int, tuple[Commitment, int]], earliest: date) -> bool:
    """Whether a letter says what will be collected, from which account and on which day, and in time."""
    row_id, mandate_id, cents, said_day = data["of"]
    row, now_cents = rows.get(row_id, (None, None))
    day = date.fromisoformat(said_day)
    told = row is not None and (row.mandate_id, now_cents, row.collect_on) == (mandate_id, cents, day)
    return told and day >= earliest


@on(LettersPosted)
def posted(event: LettersPosted) -> None:
    """A notice in the post counts from that day, as long as it still says what will be collected. For one that does
    not, another stands ready at once."""
    said, days = letters.said(mails.NOTICE, event.ids), profile().notice_days
    rows, earliest = _rows_of(said), local_date(event.at) + timedelta(days=days)
    untrue = set()
    for data in said.values():
        if _holds(data, rows, earliest):
            record_letter(data["of"][0], actor=event.actor, now=event.at)
        elif data["of"][0] in rows:
            untrue.add(data["of"][0])
    near = unannounced(earliest + MARGIN)
    again = select(Commitment).where(Commitment.id.in_(untrue), near).with_for_update()
    _announce(db.session.scalars(again).all(), days, event.at)


def announce(ids: Sequence[int], *, now: datetime) -> None:
    """Tell these at once, inside `with writing():`: for who just agreed to it."""
    rows = db.session.scalars(select(Commitment).where(Commitment.id.in_(ids)).with_for_update()).all()
    _announce(rows, profile().notice_days, now)


def record_letter(commitment_id: int, *, actor: Actor, now: datetime) -> date:
    """A letter told somebody without e-mail; gives the day from which may be collected. Inside `with writing():`."""
    row = db.session.scalars(select(Commitment).where(Commitment.id == commitment_id).with_for_update()).one()
    cents = next_amounts([row.id])
    earliest = local_date(now) + timedelta(days=profile().notice_days)
    row.collect_on = schedule.collect_day(row.next_on, max(row.collect_on, earliest))
    _note([row], cents, actor, now, "letter")
    return row.collect_on


def told_elsewhere(ids: Sequence[int], *, actor: Actor, now: datetime) -> None:
    """These were told of amount and schedule before they came here, inside `with writing():`: one notice covers a
    schedule (DOMAIN.md 1.2)."""
    cents = next_amounts(ids)
    rows = db.session.scalars(select(Commitment).where(Commitment.id.in_(ids)).with_for_update()).all()
    for row in rows:
        row.noticed_cents, row.notice_from = cents[row.id], row.collect_on
    db.session.flush()
    kind = ChangeKind.NOTICE
    tell(
        [Change(r.id, kind, r.state, r.state, r.collect_on, cents[r.id], "before") for r in rows], actor=actor, now=now
    )


def _note(rows: Sequence[Commitment], cents: dict[int, int], actor: Actor, at: datetime, how: str) -> None:
    earliest = local_date(at) + timedelta(days=profile().notice_days)
    for row in rows:
        db.session.execute(
            update(Commitment).where(Commitment.id == row.id).values(noticed_cents=cents[row.id], notice_from=earliest),
            execution_options={"synchronize_session": False},
        )
    changes = [Change(r.id, ChangeKind.NOTICE, r.state, r.state, r.collect_on, cents[r.id], how) for r in rows]
    tell(changes, actor=actor, now=at)
