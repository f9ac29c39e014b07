"""The weekly mail says what partners delivered, what they are late with, and what is to be paid to them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.extensions import db, writing
from app.grants.partners import sub_grants
from app.grants.partners.models import DutyState, PassOnState, SubGrantInstalment
from app.grants.reminders import jobs, partners
from app.outbox.models import Message
from app.outbox.queries import MailView, view
from app.outbox.services import queue_mail
from app.staff import services as staff
from app.staff.models import Staff
from app.ui.permissions import Role
from tests.conftest import SettableClock
from tests.factories import consortium as make
from tests.factories import grants
from tests.support.counting import statements

MONDAY = (2026, 11, 30, 6)


def person(name: str, now: datetime, role: Role = Role.FUNDRAISER, language: str = "nl") -> int:
    address = f"{name.lower()}@example.org"
    return staff.create_account(name, address, role, language=language, actor=SYSTEM, now=now)


def digest(clock: SettableClock, *parts: int) -> dict[str, MailView]:
    """The mails that this morning brings, by address."""
    clock.at(*parts)
    before = set(db.session.execute(select(Message.id)).scalars())
    jobs.digest({})
    new = set(db.session.execute(select(Message.id)).scalars()) - before
    mails = [view(row_id) for row_id in new]
    assert len({mail.to for mail in mails}) == len(mails), "one mail for each person"
    return {mail.to: mail for mail in mails}


def text(mail: MailView) -> str:
    return mail.rendered.text.replace("\N{NO-BREAK SPACE}", " ")


def deliver(sub_grant_id: int, title: str, now: datetime) -> int:
    """Something more that the partner owes, delivered at this moment; its id."""
    with writing():
        duty_id = sub_grants.plan_duty(sub_grant_id, title, date(2027, 6, 1), actor=SYSTEM, now=now)
        sub_grants.move_duty(duty_id, DutyState.DELIVERED, actor=SYSTEM, now=now)
    return duty_id


def test_the_owner_hears_of_partners_and_finance_of_what_is_to_be_paid(now: datetime, clock: SettableClock) -> None:
    with writing():
        owner = person("Omar", now)
        person("Fenna", now, Role.FINANCE)
        row_id = make.passed_on(now, owner_id=owner)
    deliver(row_id, "Eindverslag", now)
    mails = digest(clock, *MONDAY)
    assert set(mails) == {"omar@example.org", "fenna@example.org"}
    told = text(mails["omar@example.org"])
    assert mails["omar@example.org"].rendered.subject == "Deze week vragen 2 dingen je aandacht"
    assert "Eindverslag van CKM" in told
    assert "Jaarcijfers van CKM: 20 november 2026" in told
    assert f"/grants/sub-grants/{row_id}" in told
    assert "Te betalen" not in told
    assert "financier" not in told, "what partners owe is not asked of the funder"
    paid = text(mails["fenna@example.org"])
    assert mails["fenna@example.org"].rendered.subject == "Deze week vraagt 1 ding je aandacht"
    assert "Te betalen: € 2.500,00 aan CKM: 25 november 2026" in paid
    assert "Jaarcijfers" not in paid
    assert digest(clock, 2026, 11, 30, 7) == digest(clock, 2026, 12, 2, 6) == {}
    assert set(digest(clock, 2026, 12, 7, 6)) == set(mails)


def test_own_deadlines_and_those_of_partners_are_one_mail(now: datetime, clock: SettableClock) -> None:
    with writing():
        owner = person("Omar", now, language="en")
        make.passed_on(now, owner_id=owner)
        grants.grant(now, [], [grants.obligation_plan(due_on=date(2026, 11, 18))], owner_id=owner)
    (mail,) = digest(clock, *MONDAY).values()
    assert mail.rendered.subject == "2 things need your attention this week"
    assert text(mail).count("20 November 2026") == text(mail).count("18 November 2026") == 1
    assert "Jaarcijfers of CKM" in text(mail)


def test_money_of_this_week_is_told_on_its_monday_and_later_money_waits(now: datetime, clock: SettableClock) -> None:
    with writing():
        person("Fenna", now, Role.FINANCE)
        row_id = make.passed_on(now)
        for day in (6, 7):
            sub_grants.plan_instalment(
                row_id, amount_cents=day * 100, due_on=date(2026, 12, day), actor=SYSTEM, now=now
            )
    told = text(digest(clock, *MONDAY)["fenna@example.org"])
    assert "€ 6,00" in told
    assert "€ 7,00" not in told
    with writing():
        for part_id in db.session.execute(select(SubGrantInstalment.id)).scalars():
            sub_grants.move_instalment(part_id, PassOnState.CANCELLED, actor=SYSTEM, now=now)
    assert digest(clock, 2026, 12, 7, 6) == {}


def test_what_came_in_the_week_waits_for_monday_and_what_is_judged_is_told_no_more(
    now: datetime, clock: SettableClock
) -> None:
    with writing():
        owner = person("Omar", now)
        row_id = make.passed_on(now, owner_id=owner)
        sub_grants.move_duty(make.duty_of(row_id), DutyState.WAIVED, actor=SYSTEM, now=now)
    clock.at(2026, 12, 1, 12)
    duty_id = deliver(row_id, "Eindverslag", clock.now())
    assert digest(clock, 2026, 12, 2, 6) == {}
    assert "Eindverslag" in text(digest(clock, 2026, 12, 7, 6)["omar@example.org"])
    with writing():
        for state, note in ((DutyState.RETURNED, "Er mist iets."), (DutyState.DELIVERED, "")):
            sub_grants.move_duty(duty_id, state, note=note, actor=SYSTEM, now=clock.now())
    assert digest(clock, 2026, 12, 14, 6), "it came again before this Monday"
    with writing():
        sub_grants.move_duty(duty_id, DutyState.ACCEPTED, actor=SYSTEM, now=clock.now())
    assert digest(clock, 2026, 12, 21, 6) == {}


def test_a_draft_and_a_person_who_left_bring_no_mail(now: datetime, clock: SettableClock) -> None:
    with writing() as session:
        owner = person("Omar", now)
        make.passed_on(now, owner_id=owner, agreed=False)
        gone = person("Fenna", now, Role.FINANCE)
        make.passed_on(now, owner_id=gone, name="Fier")
        session.get_one(Staff, gone).active = False
    assert digest(clock, *MONDAY) == {}


def test_many_partners_are_counted_and_the_first_named_with_the_same_statements(
    now: datetime, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partners, "MOST", 3)
    with writing():
        owner = person("Omar", now)
        person("Fenna", now, Role.FINANCE)
        make.passed_on(now, owner_id=owner)
    clock.at(*MONDAY)
    few = statements(lambda: jobs.digest({}))
    with writing():
        for number in range(8):
            make.passed_on(now, owner_id=owner, name=f"Partner {number}")
            make.passed_on(now, owner_id=person(f"Owner{number}", now), name=f"Other {number}")
    clock.at(2026, 12, 7, 6)
    assert statements(lambda: jobs.digest({})) == few
    mails = digest(clock, 2026, 12, 14, 6)
    assert mails["omar@example.org"].rendered.subject == "Deze week vragen 9 dingen je aandacht"
    assert text(mails["omar@example.org"]).count("Jaarcijfers van") == 3
    assert "En nog 6." in text(mails["omar@example.org"])
    assert mails["fenna@example.org"].rendered.subject == "Deze week vragen 17 dingen je aandacht"
    assert len(mails) == 10


def test_a_mail_of_before_partners_stood_in_it_can_still_be_read(now: datetime) -> None:
    line = {"id": 1, "kind": "Final report", "title": "", "subject": "Opvang", "funder": "Adessium"}
    data = {"name": "Anne", "lines": [line | {"due_on": "2026-11-20"}], "count": 1}
    with writing():
        queue_mail("grants/digest", "anne@example.org", data, language="nl", now=now, key="old")
    mail = view(db.session.execute(select(Message.id)).scalar_one())
    assert mail.rendered.subject == "1 deadline is verstreken"
    assert "20 november 2026" in mail.rendered.text
