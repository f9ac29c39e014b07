"""Each morning: agreements whose term is over end by themselves; of those in
their last half year staff get a task and the donor a mail: they can be renewed."""

from __future__ import annotations

from datetime import date

from sqlalchemy import case, select

from app.base.actor import system
from app.base.dates import local_date
from app.base.works import Payload, periodic
from app.extensions import db, now, settings
from app.extensions.transactions import writing_in_bulk
from app.gifts.periodic import renewing, services
from app.gifts.periodic.models import LEAST_YEARS, Agreement, AgreementState, Term
from app.outbox.services import Mail, queue_mails
from app.supporters.models import Supporter
from app.supporters.queries import names, primary_emails
from app.tasks.models import Task
from app.tasks.services import NewTask, add_new

_BATCH = 50
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
    if today.month >= renewing.ASK_IN_MONTH:
        _ask_to_renew(today)


def _offer(task_ids: list[int]) -> None:
    """Tell the donors of these new tasks that they can go on if they like: a task is made once, so the mail is."""
    rows = db.session.execute(
        select(Agreement, Supporter)
        .join(Supporter, Supporter.id == Agreement.supporter_id)
        .join(Task, (Task.subject_type == services.SUBJECT) & (Task.subject_id == Agreement.id))
        .where(Task.id.in_(task_ids), Supporter.is_deceased.is_(False), Supporter.anonymised_at.is_(None))
    ).all()
    to = primary_emails([donor.id for _agreement, donor in rows])
    mails = [_mail(agreement, donor, to[donor.id]) for agreement, donor in rows if donor.id in to]
    queue_mails(mails, now=now())


def _mail(agreement: Agreement, donor: Supporter, to: str) -> Mail:
    language = donor.language.value
    data = {
        "salutation": donor.salutation(), "english": language == "en", "yearly_cents": agreement.yearly_cents,
        "last_year": agreement.last_year,
    }  # fmt: skip
    key = f"gifts/periodic_renewal:{agreement.id}"
    return Mail(template="gifts/periodic_renewal", to=to, language=language, key=key, data=data, person_id=donor.id)


def _ask_to_renew(today: date) -> None:
    cursor = 0
    while True:
        ending = (
            select(Agreement.id, Agreement.supporter_id)
            .where(_FIXED, _last_year == today.year, Agreement.id > cursor, renewing.not_followed())
            .order_by(Agreement.id)
            .limit(_BATCH)
        )
        with writing_in_bulk() as session:
            rows = session.execute(ending).all()
            called = names([row.supporter_id for row in rows])
            asked = add_new(
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
            _offer(asked)
        db.session.rollback()
        if len(rows) < _BATCH:
            return
        cursor = rows[-1].id
