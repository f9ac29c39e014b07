"""What runs by itself every morning."""

from __future__ import annotations

from app.base.actor import system
from app.base.works import Payload, periodic
from app.extensions import now
from app.extensions.transactions import writing_in_bulk
from app.grants.instalments import release
from app.grants.instalments import services as instalments
from app.grants.recognition import services as recognition
from app.grants.reminders import duties, services
from app.grants.rounds import services as rounds

MORNING = system("grants.morning")


@periodic("grants.morning", daily_at="05:30")
def morning(payload: Payload) -> None:
    """Instalments whose day has come are due, income that falls due by year or by costs is booked, yearly
    rounds come back."""
    for work in (release.for_date, instalments.recognise_year, rounds.follow_up):
        done = 1
        while done:
            with writing_in_bulk():
                done = work(actor=MORNING, now=now())
    after: int | None = 0
    while after is not None:
        with writing_in_bulk():
            after = recognition.follow_all(after=after, actor=MORNING, now=now())


@periodic("grants.remind", daily_at="06:30")
def remind(payload: Payload) -> None:
    """Reminder mails to ourselves and to partners, each mark once."""
    after: int | None = 0
    while after is not None:
        with writing_in_bulk():
            after = services.remind(after=after, now=now())
    after = 0
    while after is not None:
        with writing_in_bulk():
            after = duties.remind(after=after, actor=MORNING, now=now())


@periodic("grants.digest", daily_at="07:00")
def digest(payload: Payload) -> None:
    """What is late, on Mondays; on a later day if the server stood still on Monday."""
    with writing_in_bulk():
        services.digest(now=now())
