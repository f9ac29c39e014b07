"""What stays undone goes to the deputy, once."""

from __future__ import annotations

from datetime import date

from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.outbox.models import Message
from app.staff.models import Staff
from app.tasks import services
from app.tasks.escalation import escalate
from app.tasks.models import Priority, Task
from tests.conftest import SettableClock
from tests.support.accounts import make_account
from tests.support.client import Client

THURSDAY = date(2026, 11, 19)


def pair(deputy_active: bool = True) -> tuple[int, int]:
    """Somebody who is away, and who stands in."""
    away, deputy = make_account("weg@example.org", name="Wil Weg"), make_account("er@example.org", name="Els Er")
    with writing():
        db.session.get_one(Staff, away).deputy_id = deputy
        db.session.get_one(Staff, deputy).active = deputy_active
    return away, deputy


def task(owner_id: int | None, due_on: date = THURSDAY) -> int:
    with writing():
        return services.add("Bel de bank", due_on, owner_id=owner_id, actor=SYSTEM, now=now())


def run(after_days: int = 3) -> int:
    with writing():
        return escalate(after_days=after_days, actor=SYSTEM, now=now())


def read(task_id: int) -> Task:
    row = db.session.get_one(Task, task_id)
    db.session.refresh(row)
    return row


def test_three_working_days_late_goes_over_with_one_mail(app: Flask, clock: SettableClock) -> None:
    away, deputy = pair()
    one, two = task(away), task(away)
    assert run() == 0  # Monday: Friday and today are two working days
    clock.forward(days=1)
    assert run() == 2
    assert [(read(i).owner_id, read(i).escalated_from_id) for i in (one, two)] == [(deputy, away)] * 2
    assert [m.template for m in db.session.execute(select(Message)).scalars()] == ["tasks/escalated"]
    assert run() == 0


def test_a_deputy_of_the_deputy_does_not_get_it(app: Flask, clock: SettableClock) -> None:
    away, deputy = pair()
    with writing():
        db.session.get_one(Staff, deputy).deputy_id = away
    one = task(away)
    clock.forward(days=1)
    assert run() == 1
    clock.forward(days=30)
    assert run() == 0
    assert read(one).owner_id == deputy


def test_a_new_date_lets_it_count_again(app: Flask, clock: SettableClock) -> None:
    away, deputy = pair()
    one = task(away)
    clock.forward(days=1)
    run()
    with writing():
        services.change(
            one, title="Bel", due_on=date(2026, 11, 27), owner_id=away, priority=Priority.LOW, actor=SYSTEM, now=now()
        )
    assert run() == 0
    clock.at(2026, 12, 2, 11, 0)
    assert run() == 1
    assert read(one).owner_id == deputy


def test_nobody_to_go_to_and_nothing_to_do(app: Flask, clock: SettableClock) -> None:
    away, _ = pair(deputy_active=False)
    task(away)
    task(None)
    clock.forward(days=10)
    assert run() == 0
    assert run(0) == 0


def test_what_is_done_stays_where_it_was(app: Flask, clock: SettableClock) -> None:
    away, _ = pair()
    one = task(away)
    with writing():
        services.complete(one, actor=SYSTEM, now=now())
    clock.forward(days=10)
    assert run() == 0


def test_the_list_says_whom_it_came_from(app: Flask, client: Client, clock: SettableClock) -> None:
    away, _ = pair()
    task(away)
    clock.forward(days=1)
    run()
    client.sign_in("fundraiser")
    assert "doorgegeven van Wil Weg" in client.get("/tasks?whose=all").text
