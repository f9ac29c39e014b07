"""Set a renewal window, and open a task once it has come. Inside the caller's `with writing():`."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import force_locale, gettext
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from app.audit import services as audit
from app.base.actor import Actor, system
from app.base.business_days import business_day_on_or_after, business_day_on_or_before
from app.base.dates import add_months, days, local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.base.works import Payload, periodic
from app.extensions import db, now, settings
from app.extensions.transactions import writing_in_bulk
from app.grants.applications.models import Application
from app.grants.awards.models import Grant, GrantState
from app.grants.renewals.models import USUAL_MONTHS, RenewalWindow
from app.grants.rows import check_version, locked
from app.staff.models import Staff
from app.tasks import services as tasks
from app.tasks.models import Task, TaskState
from app.tasks.services import NewTask

BATCH = 200
RENEWALS = system("grants.renewals")
_RUNS = (GrantState.ACTIVE, GrantState.EXTENDED, GrantState.REPORTING)
TITLE = N_("Renewal: talk with the funder about %(title)s")


def usual_day(ends_on: date) -> date:
    """When the window opens unless a grant says otherwise."""
    return add_months(ends_on, -USUAL_MONTHS)


def set_window(
    grant_id: int, *, wanted: bool, opens_on: date | None, note: str, version: int | None, actor: Actor, now: datetime
) -> None:
    """This grant's own window, or none at all. One that has come already opens its task at once."""
    grant = locked(Grant, grant_id)
    row = db.session.execute(select(RenewalWindow).where(RenewalWindow.grant_id == grant_id).with_for_update()).scalar()
    check_version(row.version if row else 0, version)
    if opens_on and opens_on > grant.ends_on:
        raise Invalid(N_("Ask before the grant ends."), field="opens_on")
    if row is None:
        row = RenewalWindow(grant_id=grant_id, version=0, created_at=now)
        db.session.add(row)
    row.wanted, row.opens_on, row.note = wanted, opens_on if wanted else None, note.strip()
    row.version += 1
    db.session.flush()
    told = {"renewal": wanted, "opens_on": opens_on.isoformat() if opens_on else None}
    audit.record("grant.renewal_set", ("grant_award", grant_id), actor=actor, now=now, changes=told)
    open_windows(only=grant_id, actor=actor, now=now)


def open_windows(*, after: int = 0, only: int | None = None, actor: Actor, now: datetime) -> int | None:
    """Open a task for grants whose window has come; gives where the next batch begins, None after the last.

    One task for each end of a grant, however often this runs; none where a next application is made
    already, or where the task for an earlier end is still open.
    """
    today = local_date(now)
    following, waiting = aliased(Application), aliased(Task)
    asked = select(following.id).where(following.previous_id == Grant.application_id).exists()
    open_task = (
        select(waiting.id)
        .where(
            waiting.subject_type == "grant_award", waiting.subject_id == Grant.id, waiting.state == TaskState.OPEN,
            waiting.source_key.startswith("renewal:"),
        )
        .exists()
    )  # fmt: skip
    window = aliased(RenewalWindow)
    usual = and_(
        or_(
            window.id.is_(None),
            # One after the end, which was corrected since, would never come.
            and_(window.wanted, or_(window.opens_on.is_(None), window.opens_on > Grant.ends_on)),
        ),
        # A little wider than the months, which differ in length; settled below.
        Grant.ends_on <= add_months(today, USUAL_MONTHS) + days(3),
    )
    rows = db.session.execute(
        select(Grant.id, Grant.title, Grant.ends_on, Grant.owner_id, window.opens_on, Staff.language)
        .outerjoin(window, window.grant_id == Grant.id)
        .outerjoin(Staff, Staff.id == Grant.owner_id)
        .where(
            Grant.id > after if only is None else Grant.id == only,
            Grant.state.in_(_RUNS),
            Grant.ends_on >= today,
            ~asked,
            ~open_task,
        )
        .where(or_(usual, and_(window.wanted, window.opens_on <= today)))
        .order_by(Grant.id)
        .limit(BATCH)
    ).all()
    wanted = [
        NewTask(
            title=_title(row.title, row.language),
            due_on=_task_day(today, row.ends_on),
            owner_id=row.owner_id,
            subject=("grant_award", row.id),
            source_key=f"renewal:{row.id}:{row.ends_on.isoformat()}",
        )
        for row in rows
        if _opens_on(row.opens_on, row.ends_on) <= today
    ]
    tasks.add_new(wanted, actor=actor, now=now)
    return rows[-1].id if len(rows) == BATCH else None


def _opens_on(own: date | None, ends_on: date) -> date:
    return own if own and own <= ends_on else usual_day(ends_on)


def _task_day(today: date, ends_on: date) -> date:
    """Two weeks on, on a working day; sooner where the grant ends before that."""
    day = business_day_on_or_after(today + days(14))
    return day if day <= ends_on else max(business_day_on_or_before(ends_on), today)


def _title(title: str, language: str | None) -> str:
    with force_locale(language or settings().default_language):
        return gettext(TITLE, title=title)[:200]


@periodic("grants.renewals", daily_at="05:40")
def renewals(payload: Payload) -> None:
    """Windows that have come become tasks."""
    after: int | None = 0
    while after is not None:
        with writing_in_bulk():
            after = open_windows(after=after, actor=RENEWALS, now=now())
