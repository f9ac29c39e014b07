"""The weekly mail says what partners delivered, what they are late with, and what is to be paid to them;
partners are reminded in one click and read why something comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from app.base.actor import SYSTEM, Actor
from app.base.errors import Refused
from app.extensions import db, writing
from app.grants.partners import duties, mails, sub_grants
from app.grants.partners.models import DutyState, GrantPartner, PassOnState, SubGrantDuty, SubGrantInstalment
from app.grants.reminders import jobs, partners
from app.outbox.models import Message
from app.outbox.queries import MailView, view
from app.outbox.services import queue_mail
from app.staff import services as staff
from app.staff.models import Staff
from app.ui.permissions import Role
from app.vault.services import unseal
from tests.conftest import SettableClock
from tests.factories import consortium as make
from tests.factories import grants
from tests.support.client import Client
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
    found = [view(row_id) for row_id in new]
    assert len({mail.to for mail in found}) == len(found), "one mail for each person"
    return {mail.to: mail for mail in found}


def text(mail: MailView) -> str:
    return mail.rendered.text.replace("\N{NO-BREAK SPACE}", " ")


def deliver(sub_grant_id: int, title: str, now: datetime) -> int:
    """Something more that the partner owes, delivered at this moment; its id."""
    with writing():
        duty_id = duties.plan(sub_grant_id, title, date(2027, 6, 1), actor=SYSTEM, now=now)
        duties.move(duty_id, DutyState.DELIVERED, actor=SYSTEM, now=now)
    return duty_id


def test_the_owner_hears_of_partners_and_finance_of_what_is_to_be_paid(now: datetime, clock: SettableClock) -> None:
    with writing():
        owner = person("Omar", now)
        person("Fenna", now, Role.FINANCE)
        row_id = make.passed_on(now, owner_id=owner)
    deliver(row_id, "Eindverslag", now)
    sent = digest(clock, *MONDAY)
    assert set(sent) == {"omar@example.org", "fenna@example.org"}
    told = text(sent["omar@example.org"])
    assert sent["omar@example.org"].rendered.subject == "Deze week vragen 2 dingen je aandacht"
    assert "Eindverslag van CKM" in told
    assert "Jaarcijfers van CKM: 20 november 2026" in told
    assert f"/grants/sub-grants/{row_id}" in told
    assert "Te betalen" not in told
    assert "financier" not in told, "what partners owe is not asked of the funder"
    paid = text(sent["fenna@example.org"])
    assert sent["fenna@example.org"].rendered.subject == "Deze week vraagt 1 ding je aandacht"
    assert "Te betalen: € 2.500,00 aan CKM: 25 november 2026" in paid
    assert "Jaarcijfers" not in paid
    assert digest(clock, 2026, 11, 30, 7) == digest(clock, 2026, 12, 2, 6) == {}
    assert set(digest(clock, 2026, 12, 7, 6)) == set(sent)


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
        duties.move(make.duty_of(row_id), DutyState.WAIVED, note="Niet nodig.", actor=SYSTEM, now=now)
    clock.at(2026, 12, 1, 12)
    duty_id = deliver(row_id, "Eindverslag", clock.now())
    assert digest(clock, 2026, 12, 2, 6) == {}
    assert "Eindverslag" in text(digest(clock, 2026, 12, 7, 6)["omar@example.org"])
    with writing():
        for state, note in ((DutyState.RETURNED, "Er mist iets."), (DutyState.DELIVERED, "")):
            duties.move(duty_id, state, note=note, actor=SYSTEM, now=clock.now())
    assert digest(clock, 2026, 12, 14, 6), "it came again before this Monday"
    with writing():
        duties.move(duty_id, DutyState.ACCEPTED, actor=SYSTEM, now=clock.now())
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
    sent = digest(clock, 2026, 12, 14, 6)
    assert sent["omar@example.org"].rendered.subject == "Deze week vragen 9 dingen je aandacht"
    assert text(sent["omar@example.org"]).count("Jaarcijfers van") == 3
    assert "En nog 6." in text(sent["omar@example.org"])
    assert sent["fenna@example.org"].rendered.subject == "Deze week vragen 17 dingen je aandacht"
    assert len(sent) == 10


def test_a_mail_of_before_partners_stood_in_it_can_still_be_read(now: datetime) -> None:
    line = {"id": 1, "kind": "Final report", "title": "", "subject": "Opvang", "funder": "Adessium"}
    data = {"name": "Anne", "lines": [line | {"due_on": "2026-11-20"}], "count": 1}
    with writing():
        queue_mail("grants/digest", "anne@example.org", data, language="nl", now=now, key="old")
    mail = view(db.session.execute(select(Message.id)).scalar_one())
    assert mail.rendered.subject == "1 deadline is verstreken"
    assert "20 november 2026" in mail.rendered.text


def to_partner() -> list[MailView]:
    """The mails to the contact of the partner, in their order."""
    views = [view(row_id) for row_id in db.session.execute(select(Message.id).order_by(Message.created_at)).scalars()]
    return [mail for mail in views if mail.to == "ckm@example.org"]


def headers_of(mail: MailView) -> dict[str, Any]:
    sealed = unseal(mail.message.data_sealed or "", f"mail:{mail.message.id}")
    return dict(json.loads(sealed)["headers"])


def test_one_click_reminds_the_partner_of_what_is_late_or_due_soon_once_a_day(
    sign_in: Callable[[str], Client], now: datetime, clock: SettableClock
) -> None:
    with writing():
        row_id = make.passed_on(now)
        for title, day in (("Halfjaarcijfers", date(2026, 12, 23)), ("Eindverslag", date(2026, 12, 24))):
            duties.plan(row_id, title, day, actor=SYSTEM, now=now)
    page, url = f"/grants/sub-grants/{row_id}", f"/grants/sub-grants/{row_id}/remind"
    assert "Stuur herinnering" not in sign_in("viewer").get(page).text
    fundraiser = sign_in("fundraiser")
    assert "Stuur herinnering aan CKM" in fundraiser.get(page).text
    assert fundraiser.post(url).status_code == 303
    assert fundraiser.post(url).status_code == 409
    assert "Stuur herinnering" not in fundraiser.get(page).text
    assert "Laatst herinnerd op" in fundraiser.get(page).text
    (mail,) = to_partner()
    assert "Beste Anna de Wit," in mail.rendered.text
    assert "Jaarcijfers: 20 november 2026\nHalfjaarcijfers: 23 december 2026" in mail.rendered.text
    assert "Eindverslag" not in mail.rendered.text, "there is time for that"
    assert mail.rendered.subject == "Herinnering aan wat we hebben afgesproken"
    clock.at(2026, 11, 24, 9)
    assert sign_in("fundraiser").post(url).status_code == 303
    assert len(to_partner()) == 2


def test_the_answer_to_a_reminder_goes_to_who_sent_it(now: datetime) -> None:
    with writing():
        sender = Actor("staff", person("Omar", now))
        row_id = make.passed_on(now)
        mails.remind(row_id, actor=sender, now=now)
    (mail,) = to_partner()
    assert "komt aan bij Omar" in mail.rendered.text
    assert headers_of(mail)["Reply-To"] == "omar@example.org"


def test_only_what_the_partner_has_to_deliver_is_asked_for(now: datetime) -> None:
    with writing():
        row_id = make.passed_on(now)
        draft = make.passed_on(now, agreed=False, name="Fier")
        duties.move(make.duty_of(row_id), DutyState.DELIVERED, actor=SYSTEM, now=now)
    for nothing in (row_id, draft):
        with pytest.raises(Refused, match="nothing is late"), writing():
            mails.remind(nothing, actor=SYSTEM, now=now)
    with writing() as session:
        duties.move(make.duty_of(row_id), DutyState.RETURNED, note="Er mist iets.", actor=SYSTEM, now=now)
        session.get_one(SubGrantDuty, make.duty_of(row_id)).due_on = date(2027, 6, 1)
    with writing():
        mails.remind(row_id, actor=SYSTEM, now=now)
    assert {mail.message.template for mail in to_partner()} == {"grants/duty_returned", "grants/duty_reminder"}


def test_the_partner_reads_why_its_work_came_back(fundraiser: Client, now: datetime) -> None:
    with writing() as session:
        row_id = make.passed_on(now)
        duty_id = make.duty_of(row_id)
        duties.move(duty_id, DutyState.DELIVERED, actor=SYSTEM, now=now)
        session.execute(update(GrantPartner).values(language="en"))
    url = f"/grants/sub-grant-duties/{duty_id}/return"
    assert "De partner leest het in een mail" in fundraiser.get(url).text
    assert fundraiser.post(url, data={"version": 2, "note": "De reiskosten ontbreken."}).status_code == 303
    (mail,) = to_partner()
    assert mail.rendered.subject == "Please look at this again: Jaarcijfers"
    assert "De reiskosten ontbreken." in mail.rendered.text


def test_without_an_address_sending_back_works_and_a_reminder_says_what_is_missing(
    fundraiser: Client, now: datetime
) -> None:
    with writing() as session:
        row_id = make.passed_on(now)
        duty_id = make.duty_of(row_id)
        session.execute(update(GrantPartner).values(contact_email=""))
    answer = fundraiser.post(f"/grants/sub-grants/{row_id}/remind")
    assert answer.status_code == 422
    assert "CKM heeft nog geen e-mailadres" in answer.text
    with writing():
        duties.move(duty_id, DutyState.DELIVERED, actor=SYSTEM, now=now)
    url = f"/grants/sub-grant-duties/{duty_id}/return"
    assert "we kennen geen e-mailadres" in fundraiser.get(url).text
    assert fundraiser.post(url, data={"version": 2, "note": "Bel even."}).status_code == 303
    assert db.session.execute(select(Message.id)).first() is None
