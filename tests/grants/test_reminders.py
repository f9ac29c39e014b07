"""Reminder mails: each mark once, the most urgent only, over clock changes and standstills."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.works import periodics
from app.extensions import db, writing
from app.grants.obligations import services as obligations
from app.grants.obligations.models import Obligation, ReminderSent
from app.grants.reminders import jobs, services
from app.jobs.services import run_due
from app.outbox.models import Message
from app.outbox.queries import view
from app.staff import services as staff
from app.staff.models import Staff
from app.ui.permissions import Role
from tests.conftest import SettableClock
from tests.factories import grants as make


def person(name: str, now: datetime, language: str = "nl") -> int:
    address = f"{name.lower()}@example.org"
    return staff.create_account(name, address, Role.FUNDRAISER, language=language, actor=SYSTEM, now=now)


def due(now: datetime, day: date, **facts: Any) -> tuple[int, int, int]:
    """An obligation due on this day: (its id, its assignee, the owner of its grant)."""
    with writing():
        assignee, owner = person("Anne", now), person("Omar", now, "en")
        plan = make.obligation_plan(due_on=day, assignee_id=assignee, **facts)
        make.grant(now, [], [plan], owner_id=owner)
    return db.session.execute(select(Obligation.id)).scalar_one(), assignee, owner


def morning(clock: SettableClock, *parts: int) -> int:
    """How many mails this morning brings."""
    clock.at(*parts)
    before = mails()
    jobs.remind({})
    return mails() - before


def mails() -> int:
    return db.session.execute(select(func.count()).select_from(Message)).scalar_one()


def test_owner_and_assignee_hear_of_each_mark_once(now: datetime, clock: SettableClock) -> None:
    due(now, date(2026, 12, 31))
    told = {}
    for number in range(45):
        day = date(2026, 11, 25) + timedelta(days=number)
        if count := morning(clock, day.year, day.month, day.day, 5, 30):
            told[day] = count
    assert told == {date(2026, 12, 1): 2, date(2026, 12, 24): 2, date(2026, 12, 17): 2, date(2026, 12, 30): 2}


def test_a_second_run_on_the_same_day_says_nothing(now: datetime, clock: SettableClock) -> None:
    due(now, date(2026, 12, 1))
    assert morning(clock, 2026, 11, 24, 5, 30) == 2
    assert morning(clock, 2026, 11, 24, 5, 31) == 0


def test_after_a_standstill_the_most_urgent_mark_alone_is_told(now: datetime, clock: SettableClock) -> None:
    due(now, date(2026, 12, 31))
    assert morning(clock, 2026, 12, 28, 5, 30) == 2
    marks = db.session.execute(select(ReminderSent.mark).distinct()).scalars().all()
    assert marks == [7]
    assert morning(clock, 2026, 12, 29, 5, 30) == 0


def test_a_moved_date_counts_anew(now: datetime, clock: SettableClock) -> None:
    row_id, assignee, _ = due(now, date(2026, 11, 30))
    assert morning(clock, 2026, 11, 24, 5, 30) == 2
    with writing():
        plan = make.obligation_plan(due_on=date(2026, 12, 1), assignee_id=assignee)
        obligations.change(row_id, plan, version=1, actor=SYSTEM, now=clock.now())
    assert morning(clock, 2026, 11, 24, 6, 30) == 2


def test_what_went_to_the_funder_is_not_asked_for(now: datetime, clock: SettableClock) -> None:
    row_id, _, _ = due(now, date(2026, 12, 1))
    with writing():
        obligations.waive(row_id, "by phone", actor=SYSTEM, now=now)
    assert morning(clock, 2026, 11, 24, 5, 30) == 0


@pytest.mark.parametrize(
    ("left", "mark"),
    [(31, None), (30, 30), (15, 30), (14, 14), (8, 14), (7, 7), (2, 7), (1, 1), (0, 1), (-1, None)],
)
def test_the_mark_that_is_reached(left: int, mark: int | None) -> None:
    assert services.mark_of(left) == mark


def test_the_spring_night_without_an_hour_loses_no_mark(now: datetime, clock: SettableClock) -> None:
    """30 days before 27 April 2027 is 28 March, the night the clocks go forward."""
    due(now, date(2027, 4, 27))
    daily = next(each for each in periodics() if each.name == "grants.remind")
    slots = {daily.slot(datetime(2027, 3, day, 12, tzinfo=now.tzinfo)) for day in (27, 28, 29)}
    assert len(slots) == 3
    assert [morning(clock, 2027, 3, day, 4, 30) for day in (27, 28, 29)] == [0, 2, 0]


def test_midnight_is_in_amsterdam(now: datetime, clock: SettableClock) -> None:
    due(now, date(2026, 12, 31))
    assert morning(clock, 2026, 11, 30, 22, 59) == 0
    assert morning(clock, 2026, 11, 30, 23, 1) == 2


def test_several_deadlines_are_one_mail_in_the_persons_language(now: datetime, clock: SettableClock) -> None:
    with writing():
        anne = person("Anne", now, "en")
        plans = [make.obligation_plan(due_on=date(2026, 12, day), assignee_id=anne) for day in (20, 21, 22)]
        make.grant(now, [], plans)
    assert morning(clock, 2026, 11, 24, 5, 30) == 1
    mail = view(db.session.execute(select(Message.id)).scalar_one())
    assert mail.to == "anne@example.org"
    assert "3 deadlines" in mail.rendered.subject
    assert mail.rendered.text.count("Adessium Foundation") == 3


def test_a_single_deadline_says_what_when_and_leads_there(now: datetime, clock: SettableClock) -> None:
    row_id, _, _ = due(now, date(2026, 12, 1))
    morning(clock, 2026, 11, 24, 5, 30)
    dutch = [view(row_id) for row_id in db.session.execute(select(Message.id)).scalars()]
    mail = next(each for each in dutch if each.to == "anne@example.org")
    assert "Eindverantwoording" in mail.rendered.subject
    assert "over 7 dagen" in mail.rendered.subject.lower()
    assert f"/grants/obligations/{row_id}" in mail.rendered.text
    assert "1 december 2026" in mail.rendered.text


def test_who_left_is_not_written_to(now: datetime, clock: SettableClock) -> None:
    _, assignee, _ = due(now, date(2026, 12, 1))
    with writing() as session:
        session.get_one(Staff, assignee).active = False
    assert morning(clock, 2026, 11, 24, 5, 30) == 1


def test_many_obligations_go_in_batches_and_lose_none(
    now: datetime, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 4)
    with writing():
        anne = person("Anne", now)
        plans = [make.obligation_plan(due_on=date(2026, 12, 10), assignee_id=anne) for _ in range(10)]
        make.grant(now, [], plans)
    assert morning(clock, 2026, 11, 24, 5, 30) == 3
    assert db.session.execute(select(func.count()).select_from(ReminderSent)).scalar_one() == 10


def digest(clock: SettableClock, *parts: int) -> int:
    clock.at(*parts)
    before = mails()
    jobs.digest({})
    return mails() - before


def test_what_is_late_is_told_on_mondays(now: datetime, clock: SettableClock) -> None:
    due(now, date(2026, 11, 27))  # a Friday
    assert digest(clock, 2026, 11, 28, 6) == 0
    assert digest(clock, 2026, 11, 30, 6) == 2
    assert digest(clock, 2026, 11, 30, 7) == 0
    assert digest(clock, 2026, 12, 1, 6) == 0
    assert digest(clock, 2026, 12, 7, 6) == 2


def test_a_digest_that_was_missed_on_monday_comes_on_tuesday(now: datetime, clock: SettableClock) -> None:
    due(now, date(2026, 11, 27))
    assert digest(clock, 2026, 12, 1, 6) == 2
    assert digest(clock, 2026, 12, 2, 6) == 0


def test_what_became_late_in_the_week_waits_for_monday(now: datetime, clock: SettableClock) -> None:
    due(now, date(2026, 12, 1))
    assert digest(clock, 2026, 12, 2, 6) == 0
    assert digest(clock, 2026, 12, 7, 6) == 2


def test_a_digest_says_how_many_and_names_them(now: datetime, clock: SettableClock) -> None:
    due(now, date(2026, 11, 20))
    digest(clock, 2026, 11, 24, 6)
    texts = [view(row_id) for row_id in db.session.execute(select(Message.id)).scalars()]
    mail = next(each for each in texts if each.to == "anne@example.org")
    assert mail.rendered.subject.startswith("1 deadline")
    assert "20 november 2026" in mail.rendered.text


def test_the_worker_does_it_all_by_itself(now: datetime, clock: SettableClock) -> None:
    due(now, date(2026, 12, 1))
    clock.at(2026, 11, 24, 6, 30)
    run_due(clock.now())
    assert mails() == 2
    run_due(clock.now())
    assert mails() == 2
