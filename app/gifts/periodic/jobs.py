"""Each morning: agreements whose term is over end by themselves; those in their last months ask to be renewed."""

from __future__ import annotations

from datetime import date

from sqlalchemy import case, select

from app.base.actor import system
from app.base.dates import local_date
from app.base.works import Payload, periodic
from app.extensions import db, now, settings
from app.extensions.transactions import writing_in_bulk
from app.gifts.periodic import services
from app.gifts.periodic.models import LEAST_YEARS, Agreement, AgreementState, Term
from app.supporters.queries import names
from app.tasks.services import NewTask, add_new

_BATCH = 50
ASK_IN_MONTH = 7  # of the last year: half a year is left to draw up a new one
_TITLES = {
    "nl": "Periodieke gift van %s loopt dit jaar af: vraag naar verlenging",
    "en": "The periodic gift of %s ends this year: ask to renew it",
}
_last_year = Agreement.first_year + case((Agreement.term == Term.LONGER, Agreement.years), else_=LEAST_YEARS) - 1
_FIXED = (Agreement.state == AgreementState.ACTIVE) & (Agreement.term != Term.INDEFINITE)


@periodic("gifts.periodic", daily_at="06:20")
def look_after(payload: Payload) -> None:
    """Twice on one day changes nothing more."""
    today, actor = local_date(now()), system("gifts.periodic")
    while True:
        over = select(Agreement.id).where(_FIXED, _last_year < today.year).order_by(Agreement.id).limit(_BATCH)
        with writing_in_bulk() as session:
            ids = list(session.execute(over).scalars())
            for row_id in ids:
                row = services.locked(row_id)
                last = date(row.last_year or today.year, 12, 31)
                services.end(row_id, on=last, kept=True, reason="", actor=actor, now=now())
        if len(ids) < _BATCH:
            break
    if today.month >= ASK_IN_MONTH:
        _ask_to_renew(today)


def _ask_to_renew(today: date) -> None:
    cursor = 0
    while True:
        ending = (
            select(Agreement.id, Agreement.supporter_id)
            .where(_FIXED, _last_year == today.year, Agreement.id > cursor)
            .order_by(Agreement.id)
            .limit(_BATCH)
        )
        with writing_in_bulk() as session:
            rows = session.execute(ending).all()
            called = names([row.supporter_id for row in rows])
            add_new(
                [
                    NewTask(
                        title=_TITLES[settings().default_language] % called[row.supporter_id],
                        due_on=max(today, date(today.year, 10, 1)),
                        source_key=f"periodic.renewal:{row.id}",
                        subject=(services.SUBJECT, row.id),
                    )
                    for row in rows
                ],
                actor=system("gifts.periodic"),
                now=now(),
            )
        db.session.rollback()
        if len(rows) < _BATCH:
            return
        cursor = rows[-1].id
