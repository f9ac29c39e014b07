"""A year that is over and not published yet becomes a task, with the last day on which it is in time."""

from __future__ import annotations

from datetime import datetime

from flask_babel import force_locale, gettext

from app.base.actor import Actor, system
from app.base.dates import format_date, local_date
from app.base.states import N_
from app.base.works import Payload, periodic
from app.extensions import now, settings, writing
from app.finance.anbi.content import deadline, published
from app.finance.anbi.services import source_key
from app.finance.periods import fiscal_year_of
from app.organisation.queries import profile
from app.tasks import services as tasks

_TITLE = N_("Publish the ANBI data of %(year)s, by %(day)s at the latest")


@periodic("finance.anbi", daily_at="05:50")
def remind(payload: Payload) -> None:
    with writing():
        ask_to_publish(actor=system("finance.anbi"), now=now())


def ask_to_publish(*, actor: Actor, now: datetime) -> None:
    """Add the task for the last year that is over, once. Nothing for who is no ANBI."""
    if not profile().anbi:
        return
    year = fiscal_year_of(local_date(now), profile().fiscal_year_start).before
    if published(year.year) is not None:
        return
    until, language = deadline(year), settings().default_language
    with force_locale(language):
        title = gettext(_TITLE, year=year.year, day=format_date(until, language))
    wanted = tasks.NewTask(title=title, due_on=until, source_key=source_key(year.year))
    tasks.add_new([wanted], actor=actor, now=now)
