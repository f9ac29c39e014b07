"""Partners are reminded of what they owe us by themselves, each mark once, and all who are late in one click."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.base.actor import SYSTEM
from app.extensions import db, writing
from app.grants.awards.models import Grant, GrantState
from app.grants.partners import duties, mails, money_queries
from app.grants.partners.models import DutyState, GrantPartner, SubGrant
from app.grants.parts import tasks
from app.grants.reminders import duties as reminders
from app.grants.reminders import jobs
from app.outbox.queries import MailView
from app.staff import services as staff
from app.ui.permissions import Role
from tests.conftest import SettableClock
from tests.factories import consortium as make
from tests.support.client import Client
from tests.support.counting import statements
from tests.support.mails import mails as sent

DUE = date(2027, 1, 31)


def owed(now: datetime, *days: date, name: str = "CKM") -> int:
    """A sub-grant whose partner owes us something on each of these days, and nothing else."""
    with writing():
        row_id = make.passed_on(now, name=name)
        duties.move(make.duty_of(row_id), DutyState.WAIVED, note="Niet nodig.", actor=SYSTEM, now=now)
        for day in days:
            duties.plan(row_id, f"Verslag {day}", day, actor=SYSTEM, now=now)
    return row_id


def morning(clock: SettableClock, day: date) -> list[MailView]:
    """The mails to partners that this morning brings."""
    clock.at(day.year, day.month, day.day, 5, 30)
    before = {mail.message.id for mail in sent()}
    jobs.remind({})
    return [mail for mail in sent() if mail.message.id not in before]


def test_a_partner_hears_of_each_mark_once_before_and_after(now: datetime, clock: SettableClock) -> None:
    owed(now, DUE)
    told = {}
    for number in range(110):
        day = date(2026, 12, 25) + timedelta(days=number)
        for mail in morning(clock, day):
            told[(DUE - day).days] = mail
    assert list(told) == [30, 14, 7, 1, -1, -7, -14, -30]
    assert {mail.to for mail in told.values()} == {"ckm@example.org"}
    assert "/taak/" in told[30].rendered.text
    assert "Verslag 2027-01-31: 31 januari 2027" in told[-30].rendered.text


def test_one_mail_about_all_that_waits_and_after_a_standstill_the_most_urgent_alone(
    now: datetime, clock: SettableClock
) -> None:
    owed(now, DUE, DUE + timedelta(days=2), DUE + timedelta(days=300))
    (mail,) = morning(clock, date(2027, 1, 28))
    assert mail.rendered.text.count("Verslag") == 2
    assert morning(clock, date(2027, 1, 29)) == []


def test_the_answer_goes_to_the_owner_of_the_grant(now: datetime, clock: SettableClock) -> None:
    with writing() as session:
        owner = staff.create_account("Omar", "omar@example.org", Role.FUNDRAISER, language="nl", actor=SYSTEM, now=now)
        make.passed_on(now)
        session.execute(update(Grant).values(owner_id=owner))
    (mail,) = morning(clock, date(2026, 11, 24))
    assert "komt aan bij Omar" in mail.rendered.text


@pytest.mark.parametrize("ended", ["delivered", "grant", "link", "draft"])
def test_who_owes_nothing_or_has_no_page_hears_nothing(ended: str, now: datetime, clock: SettableClock) -> None:
    row_id = owed(now, DUE)
    with writing() as session:
        if ended == "delivered":
            duties.move(money_queries.duties(row_id)[-1].id, DutyState.DELIVERED, actor=SYSTEM, now=now)
        elif ended == "grant":
            session.execute(update(Grant).values(state=GrantState.CLOSED))
        elif ended == "link":
            mails.send_link(row_id, actor=SYSTEM, now=now)
            tasks.withdraw(row_id, actor=SYSTEM, now=now)
        else:
            session.execute(update(SubGrant).values(state="draft"))
    assert morning(clock, date(2027, 1, 24)) == []


def test_who_was_reminded_by_hand_or_has_no_address_is_not_mailed_twice(now: datetime, clock: SettableClock) -> None:
    row_id = owed(now, DUE)
    clock.at(2027, 1, 24, 4)
    with writing():
        mails.remind(row_id, actor=SYSTEM, now=clock.now())
    assert morning(clock, date(2027, 1, 24)) == []
    assert morning(clock, date(2027, 1, 25)) == [], "the mark counts as told"
    with writing() as session:
        session.execute(update(GrantPartner).values(contact_email=""))
    assert morning(clock, date(2027, 1, 30)) == []
    with writing() as session:
        session.execute(update(GrantPartner).values(contact_email="anna@example.org"))
    assert [mail.to for mail in morning(clock, date(2027, 1, 31))] == ["anna@example.org"]


def test_many_are_reminded_in_batches(now: datetime, clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "BATCH", 2)
    for number in range(5):
        owed(now, DUE, name=f"Partner {number}")
    assert len(morning(clock, date(2027, 1, 24))) == 5
    assert morning(clock, date(2027, 1, 25)) == []


def test_all_who_are_late_are_reminded_in_one_click(
    sign_in: Callable[[str], Client], now: datetime, clock: SettableClock
) -> None:
    clock.at(2027, 2, 3, 9)
    late = [owed(now, DUE, name=name) for name in ("CKM", "Fier")]
    owed(now, date(2027, 2, 10), name="Terre")
    bare = owed(now, DUE, name="Zonder adres")
    with writing() as session:
        session.execute(update(GrantPartner).where(GrantPartner.id == partner_of(bare)).values(contact_email=""))
    page = "/grants/partner-duties"
    assert "remind" not in sign_in("viewer").get(page).text, "who may only read sees no buttons"
    lead = sign_in("fundraiser")
    text = lead.get(page).text
    for name in ("CKM", "Fier", "Terre"):
        assert name in text
    assert "Terre" not in lead.get(f"{page}?standing=late").text
    assert lead.get(f"{page}?q=Fier").text.count("Verslag 2027-01-31") == 1
    assert lead.post(f"{page}/remind-late").status_code == 303
    assert {mail.to for mail in sent()} == {"ckm@example.org", "fier@example.org"}
    assert lead.post(f"{page}/remind-late").status_code == 303
    assert len(sent()) == 2, "once a day is enough"
    assert "vandaag herinnerd" in lead.get(page).text
    again = db.session.execute(select(SubGrant.reminded_on).where(SubGrant.id.in_([*late, bare]))).scalars().all()
    assert again.count(None) == 1, "who has no address is passed over"
    assert lead.post(f"/grants/sub-grants/{bare}/remind", data={"from": "all"}).status_code == 422


def partner_of(sub_grant_id: int) -> int:
    return money_queries.one(sub_grant_id)[1].id


def test_the_page_of_all_takes_the_same_statements_however_many(
    fundraiser: Client, now: datetime, clock: SettableClock
) -> None:
    owed(now, DUE)
    page = "/grants/partner-duties"
    fundraiser.get(page)
    few = statements(lambda: fundraiser.get(page))
    for number in range(6):
        owed(now, DUE, name=f"Partner {number}")
    assert statements(lambda: fundraiser.get(page)) == few
