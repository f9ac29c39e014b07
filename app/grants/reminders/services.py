"""Reminder mails: 30, 14, 7 and 1 days before something is due, and on Mondays what is late or waits.

Each mark is told once for each due date and person; the row that says so and the mail are written
together. Who was not told for a while (a server that stood still, an obligation planned late) hears
the most urgent mark only. Somebody with several deadlines gets one mail about them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.base.dates import days, local_date
from app.base.ids import new_ids
from app.extensions import db
from app.extensions.sql import insert_new
from app.grants.applications.models import Application
from app.grants.awards.models import Grant
from app.grants.obligations import queries
from app.grants.obligations.models import Obligation, ReminderSent
from app.grants.reminders import partners
from app.outbox.services import Mail, queue_mails
from app.staff.models import Staff
from app.staff.queries import allowed
from app.ui.permissions import Permission

MARKS = (1, 7, 14, 30)  # days before; most urgent first
BATCH = 200
DIGEST_LINES = 50


@dataclass(frozen=True, slots=True)
class _Due:
    line: queries.Line
    owner_id: int | None

    @property
    def people(self) -> set[int]:
        return {each for each in (self.line.assignee_id, self.owner_id) if each is not None}


def mark_of(days_left: int) -> int | None:
    """The most urgent mark that is reached; None while there is time, or once it is late."""
    return next((mark for mark in MARKS if days_left <= mark), None) if days_left >= 0 else None


def remind(*, after: int = 0, now: datetime) -> int | None:
    """Tell owners and assignees of one batch; gives where the next begins, None after the last."""
    today = local_date(now)
    window = and_(queries.TO_DO, Obligation.due_on >= today, Obligation.due_on <= today + days(MARKS[-1]))
    batch = _batch(and_(window, Obligation.id > after))
    wanted = [
        {"obligation_id": due.line.id, "due_on": due.line.due_on, "mark": mark, "staff_id": person}
        for due in batch
        if (mark := mark_of(due.line.days_left(today))) is not None
        for person in sorted(due.people)
    ]
    if wanted:
        rows = [
            {"id": row_id, "queued_at": now, **row} for row_id, row in zip(new_ids(len(wanted)), wanted, strict=True)
        ]
        new = insert_new(ReminderSent).returning(
            ReminderSent.__table__.c.id, ReminderSent.__table__.c.obligation_id, ReminderSent.__table__.c.staff_id
        )
        told = db.session.execute(new, rows).all()
        _mail_reminders(batch, [(row.id, row.obligation_id, row.staff_id) for row in told], today, now)
    return batch[-1].line.id if len(batch) == BATCH else None


def _mail_reminders(batch: list[_Due], told: list[tuple[int, int, int]], today: date, now: datetime) -> None:
    lines = {due.line.id: due.line for due in batch}
    by_person: dict[int, list[tuple[int, queries.Line]]] = {}
    for row_id, obligation_id, staff_id in told:
        by_person.setdefault(staff_id, []).append((row_id, lines[obligation_id]))
    mails = []
    for person in _people(by_person):
        own = sorted(by_person[person.id], key=lambda pair: (pair[1].due_on, pair[1].id))
        # The rows exist once, so the lowest of them is a key of its own.
        key = f"grants.remind:{min(row_id for row_id, _line in own)}"
        data = {"name": person.name, "today": today.isoformat(), "lines": [_told(line) for _row, line in own]}
        mails.append(Mail(template="grants/reminder", to=person.email, language=person.language, key=key, data=data))
    queue_mails(mails, now=now)


def digest(*, now: datetime) -> int:
    """What was late when this week began, and what waits for us of partners; one mail a week for each owner,
    assignee and who may book payments. Gives how many mails."""
    today = local_date(now)
    monday = today - days(today.weekday())
    year, week, _day = monday.isocalendar()
    late = _late(monday)
    of_partners = partners.of_owners(monday)
    to_pay = partners.to_pay(monday)
    books = allowed(Permission.FINANCE_WRITE)
    people = select(Staff, books).where(Staff.active, or_(Staff.id.in_([*late, *of_partners]), books))
    mails = []
    for person, may_book in db.session.execute(people):
        lines, count = late.get(person.id, ([], 0))
        sections = of_partners.get(person.id, []) + (to_pay if may_book else [])
        if lines or sections:
            told = [_told(line) for line in lines]
            data = {"name": person.name, "lines": told, "count": count, "partners": sections}
            key = f"grants.digest:{person.id}:{year}-{week}"
            mails.append(Mail(template="grants/digest", to=person.email, language=person.language, key=key, data=data))
    queue_mails(mails, now=now)
    return len(mails)


def _late(monday: date) -> dict[int, tuple[list[queries.Line], int]]:
    """By person: the first of our own obligations that were due before this day, and how many there are."""
    late = and_(queries.TO_DO, Obligation.due_on < monday)
    owner = func.coalesce(Grant.owner_id, Application.owner_id)
    by_person: dict[int, list[queries.Line]] = {}
    counts: dict[int, int] = {}
    for column in (Obligation.assignee_id, owner):
        place = func.row_number().over(partition_by=column, order_by=(Obligation.due_on, Obligation.id)).label("place")
        size = func.count().over(partition_by=column).label("size")
        ranked = queries.listing().add_columns(column.label("person"), place, size).where(late, column.is_not(None))
        if column is owner:
            # Whom it is assigned to hears of it already.
            ranked = ranked.where(or_(Obligation.assignee_id.is_(None), Obligation.assignee_id != owner))
        inner = ranked.subquery()
        for row in db.session.execute(select(inner).where(inner.c.place <= DIGEST_LINES)):
            by_person.setdefault(row.person, []).append(queries.line_of(row))
            if row.place == 1:
                counts[row.person] = counts.get(row.person, 0) + row.size
    found = {}
    for person, lines in by_person.items():
        first = sorted(lines, key=lambda line: (line.due_on, line.id))[:DIGEST_LINES]
        found[person] = (first, counts[person])
    return found


def _batch(which: ColumnElement[bool]) -> list[_Due]:
    owner = func.coalesce(Grant.owner_id, Application.owner_id)
    rows = db.session.execute(queries.listing().add_columns(owner).where(which).order_by(Obligation.id).limit(BATCH))
    return [_Due(queries.line_of(row), row[-1]) for row in rows]


def _people(ids: Any) -> list[Staff]:
    """Those of them who still work here."""
    return list(db.session.execute(select(Staff).where(Staff.id.in_(list(ids)), Staff.active)).scalars())


def _told(line: queries.Line) -> dict[str, Any]:
    """A line as JSON; the mail translates the kind and writes the date."""
    return {
        "id": line.id,
        "kind": line.kind.label,
        "title": line.title,
        "subject": line.subject,
        "funder": line.funder,
        "due_on": line.due_on.isoformat(),
    }
