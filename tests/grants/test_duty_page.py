"""The partner's page for what it owes us for a sub-grant: a link, a code, files and a note, and why it came back."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.base.actor import SYSTEM
from app.base.errors import Refused
from app.documents.models import Document
from app.extensions import db, writing
from app.grants.awards.models import Grant, GrantState
from app.grants.partners import delivering, duties, mails, money_queries, sub_grants
from app.grants.partners.models import DutyState, GrantPartner, SubGrantState
from app.grants.parts import tasks
from app.staff import services as staff
from app.ui.permissions import Role
from tests.conftest import SettableClock
from tests.factories import consortium as make
from tests.support.client import Client
from tests.support.mails import links_mailed
from tests.support.mails import mails as sent

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
Browser = Callable[[], Client]


@pytest.fixture
def browser(app: Flask) -> Browser:
    app.test_client_class = Client
    return app.test_client  # type: ignore[return-value]


@pytest.fixture
def story(now: datetime) -> dict[str, int]:
    """A sub-grant to CKM with one late duty, whose link was mailed."""
    with writing():
        owner = staff.create_account("Omar", "omar@example.org", Role.FUNDRAISER, language="nl", actor=SYSTEM, now=now)
        row_id = make.passed_on(now, owner_id=owner)
        mails.send_link(row_id, actor=SYSTEM, now=now)
    return {"sub_grant": row_id, "duty": make.duty_of(row_id)}


@pytest.fixture
def link(story: dict[str, int]) -> str:
    return links_mailed("/taak/")[-1]


def to_omar() -> list[Any]:
    return [mail for mail in sent() if mail.to == "omar@example.org"]


def open_page(client: Client, link: str, clock: SettableClock) -> None:
    clock.forward(seconds=1)
    assert client.post(f"{link}/code").status_code == 303
    newest = [mail for mail in sent() if mail.message.template == "grants/part_code"][-1]
    found = re.search(r"\b(\d{6,9})\b", newest.rendered.text)
    assert found
    assert client.post(f"{link}/apparaat", data={"code": found[1]}).status_code == 303


def state(duty_id: int) -> DutyState:
    db.session.expire_all()
    return money_queries.duty(duty_id).state


def version(duty_id: int) -> int:
    db.session.expire_all()
    return money_queries.duty(duty_id).version


def hand_over(client: Client, url: str, duty_id: int, **fields: Any) -> Any:
    return client.post(url, data={"version": version(duty_id), **fields})


def test_the_mail_says_what_is_owed_and_a_scanner_sees_nothing(
    client: Client, browser: Browser, story: dict[str, int], link: str
) -> None:
    (mail,) = [each for each in sent() if each.to == "ckm@example.org"]
    assert mail.rendered.subject == "Wat we met u afspraken"
    assert "Jaarcijfers: 20 november 2026" in mail.rendered.text
    assert "aan bij Omar" in mail.rendered.text
    for path in (link, f"{link}/afspraak/{story['duty']}"):
        for scanner in (client, browser()):
            assert scanner.head(path, follow_redirects=True).status_code == 200
            text = scanner.get(path, follow_redirects=True).text
            for secret in ("CKM", "Opvang", "Jaarcijfers", "Anna", "Adessium"):
                assert secret not in text, secret


def test_files_and_a_note_are_delivered_and_the_owner_of_the_grant_hears_it(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, sign_in: Callable[[str], Client]
) -> None:
    open_page(client, link, clock)
    page = client.get(link).text
    assert "Jaarcijfers" in page
    assert "Aan te leveren" in page
    url, duty_id = f"{link}/afspraak/{story['duty']}", story["duty"]
    kept = {"file": (io.BytesIO(PDF), "cijfers.pdf"), "note": "Met bijlage.", "version": version(duty_id)}
    assert client.post(url, data=kept).status_code == 303
    page = client.get(url).text
    assert "cijfers.pdf" in page
    assert "Met bijlage." in page, "what was typed when the file was kept is still there"
    assert hand_over(client, url, duty_id, note="Alles erbij.", deliver="1").status_code == 303
    assert state(duty_id) is DutyState.DELIVERED
    assert "Alles is bij ons" in client.get(link).text
    (mail,) = to_omar()
    assert mail.rendered.subject == "CKM heeft aangeleverd: Jaarcijfers"
    assert f"/grants/sub-grant-duties/{duty_id}" in mail.rendered.text
    judge = sign_in("fundraiser")
    mine = judge.get(f"/grants/sub-grant-duties/{duty_id}").text
    assert "cijfers.pdf" in mine
    assert "Alles erbij." in mine
    document = db.session.execute(select(Document.id)).scalar_one()
    assert judge.get(f"/documents/{document}").status_code == 200
    assert client.get(f"{url}/bestand/{document}").data == PDF


@pytest.mark.parametrize("button", ["keep", "deliver"])
def test_what_is_saved_or_delivered_twice_is_done_once_and_no_quarrel(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, button: str
) -> None:
    open_page(client, link, clock)
    url, duty_id = f"{link}/afspraak/{story['duty']}", story["duty"]
    said = {"version": version(duty_id), "note": "Alles erbij.", button: "1"}
    led = [client.post(url, data=said | {"file": (io.BytesIO(PDF), "cijfers.pdf")}).location for _press in range(2)]
    assert led[0] == led[1] is not None
    assert "Alles erbij." in client.get(url).text
    assert db.session.execute(select(func.count()).select_from(Document)).scalar() == 1
    assert len(to_omar()) == (1 if button == "deliver" else 0)
    assert client.post(url, data=said | {"note": "Iets anders."}).status_code == 409, "other words are no second press"


def test_why_we_let_it_go_stays_with_us(client: Client, story: dict[str, int], link: str, clock: SettableClock) -> None:
    open_page(client, link, clock)
    with writing():
        duties.move(story["duty"], DutyState.WAIVED, note="Zij leveren toch nooit.", actor=SYSTEM, now=clock.now())
    page = client.get(f"{link}/afspraak/{story['duty']}").text
    assert "We hebben dit niet meer nodig." in page
    assert "Zij leveren toch nooit." not in page


def test_of_a_closed_grant_the_page_does_not_say_that_all_was_delivered(
    client: Client, story: dict[str, int], link: str, clock: SettableClock
) -> None:
    open_page(client, link, clock)
    with writing() as session:
        session.execute(update(Grant).values(state=GrantState.CLOSED))
    page = client.get(link).text
    assert "Alles is bij ons" not in page
    assert "Hiervoor wordt nu niets van u gevraagd." in page


def test_it_comes_back_with_the_reason_is_delivered_again_and_ends_a_month_after_acceptance(
    client: Client, story: dict[str, int], link: str, clock: SettableClock
) -> None:
    open_page(client, link, clock)
    url, duty_id = f"{link}/afspraak/{story['duty']}", story["duty"]
    hand_over(client, url, duty_id, note="Zie het jaarverslag.", deliver="1")
    clock.forward(seconds=1)
    with writing():
        duties.move(duty_id, DutyState.RETURNED, note="De reiskosten ontbreken.", actor=SYSTEM, now=clock.now())
    assert sent()[-1].rendered.subject == "Wilt u hier nog eens naar kijken: Jaarcijfers"
    assert len(set(links_mailed("/taak/"))) == 2, "the mail about it opens the same page"
    page = client.get(links_mailed("/taak/")[-1] + f"/afspraak/{duty_id}").text
    assert "De reiskosten ontbreken." in page
    assert "Zie het jaarverslag." in page, "what was written is still there"
    assert hand_over(client, url, duty_id, note="Nu met reiskosten.", deliver="1").status_code == 303
    clock.forward(seconds=1)
    with writing():
        duties.move(duty_id, DutyState.ACCEPTED, actor=SYSTEM, now=clock.now())
    assert "Alles wat we voor Opvang afspraken, is goedgekeurd" in sent()[-1].rendered.text
    assert hand_over(client, url, duty_id, note="Toch anders.", deliver="1").status_code == 409
    clock.forward(days=29)
    assert client.get(url).status_code == 200
    clock.forward(days=1, seconds=10)
    assert client.get(link).status_code == client.get(url).status_code == 404


def test_nothing_is_delivered_without_a_file_or_a_word_nor_with_a_file_that_is_refused(
    client: Client, story: dict[str, int], link: str, clock: SettableClock
) -> None:
    open_page(client, link, clock)
    url, duty_id = f"{link}/afspraak/{story['duty']}", story["duty"]
    answer = hand_over(client, url, duty_id, note=" ", deliver="1")
    assert answer.status_code == 422
    assert "Voeg eerst een bestand toe" in answer.text
    wrong = {"file": (io.BytesIO(b"MZ\x90"), "cijfers.exe"), "note": "Hierbij.", "deliver": "1"}
    answer = client.post(url, data={"version": version(duty_id), **wrong}, follow_redirects=True)
    assert state(duty_id) is DutyState.PLANNED
    assert "nog niet aangeleverd" in answer.text
    assert "Hierbij." in answer.text


def test_of_two_people_at_once_neither_loses_words(
    client: Client, browser: Browser, story: dict[str, int], link: str, clock: SettableClock
) -> None:
    other = browser()
    for each in (client, other):
        open_page(each, link, clock)
    url, duty_id = f"{link}/afspraak/{story['duty']}", story["duty"]
    seen = version(duty_id)
    assert client.post(url, data={"version": seen, "note": "Van Anna."}).status_code == 303
    second = other.post(url, data={"version": seen, "note": "Van Bram.", "deliver": "1"})
    assert second.status_code == 409
    assert "Van Anna." in second.text
    assert "Van Bram." in second.text
    assert state(duty_id) is DutyState.PLANNED
    assert hand_over(client, url, duty_id, note="Van Anna.", deliver="1").status_code == 303
    late = other.post(url, data={"version": version(duty_id), "note": "Van Bram.", "deliver": "1"})
    assert late.status_code == 409
    assert "Van Bram." in late.text, "it is with us already; what was typed is not lost"


def test_a_task_opens_its_own_duties_and_nothing_else(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, now: datetime
) -> None:
    with writing():
        foreign = make.duty_of(make.passed_on(now, name="Fier"))
        part_id = make.asked(now, (make.NARRATIVE,))[3][0]
    open_page(client, link, clock)
    for path in (f"/afspraak/{foreign}", f"/onderdeel/{part_id}", "/afspraak/1"):
        assert client.get(f"{link}{path}").status_code == 404
        assert client.post(f"{link}{path}", data={"version": 1, "note": "x"}).status_code == 404
    task = tasks.of_sub_grant(story["sub_grant"])
    assert task
    with writing():
        mails.send_link(story["sub_grant"], actor=SYSTEM, now=now)
    for verb in ("remind", "send", "revoke"):
        assert client.post(f"/grants/part-tasks/{task.id}/{verb}").status_code in (302, 303, 401, 403)


def test_one_device_opens_several_tasks_and_needs_one_code_for_each(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, now: datetime
) -> None:
    """A partner has a report to write and figures to hand over: opening one does not close the other."""
    with writing():
        make.asked(now, (make.NARRATIVE,))
    (report,) = set(links_mailed("/taak/")) - {link}
    for each in (link, report):
        open_page(client, each, clock)
    assert "Jaarcijfers" in client.get(link).text
    assert "Wat is er gedaan" in client.get(report).text
    before = client.get_cookie("draagvlak_taak", path="/taak")
    open_page(client, link, clock)
    assert before
    assert "Wat is er gedaan" in client.get(report).text
    client.set_cookie("draagvlak_taak", before.value, path="/taak")
    assert "Wat is er gedaan" not in client.get(report).text, "the name a device had before is worth nothing"


def test_withdrawn_links_and_devices_are_dead_until_a_new_one_is_sent(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, sign_in: Callable[[str], Client]
) -> None:
    open_page(client, link, clock)
    lead, page = sign_in("fundraiser"), f"/grants/sub-grants/{story['sub_grant']}"
    assert "ckm@example.org" in lead.get(page).text
    assert lead.post(f"{page}/link/revoke").status_code == 303
    assert client.get(link).status_code == 404
    assert "link ingetrokken" in lead.get(page).text
    assert "Stuur herinnering" not in lead.get(page).text
    assert lead.post(f"{page}/remind").status_code == 409
    clock.forward(seconds=1)
    with writing():
        duties.move(story["duty"], DutyState.DELIVERED, actor=SYSTEM, now=clock.now())
        duties.move(story["duty"], DutyState.RETURNED, note="Er mist iets.", actor=SYSTEM, now=clock.now())
    back = sent()[-1].rendered.text
    assert "Er mist iets." in back
    assert "/taak/" not in back
    assert "door deze mail te beantwoorden" in back
    clock.forward(seconds=1)
    assert lead.post(f"{page}/link").status_code == 303
    fresh = links_mailed("/taak/")[-1]
    assert "Opvang" not in client.get(fresh).text, "a device of before shows a code again"
    assert client.get(link).status_code == 404


def test_another_contact_ends_the_links_of_the_one_before(
    client: Client, story: dict[str, int], link: str, clock: SettableClock
) -> None:
    open_page(client, link, clock)
    with writing() as session:
        session.execute(update(GrantPartner).values(contact_email="bram@example.org"))
    clock.forward(seconds=1)
    with writing():
        mails.remind(story["sub_grant"], actor=SYSTEM, now=clock.now())
    assert sent()[-1].to == "bram@example.org"
    assert client.get(link).status_code == 404


def test_a_cancelled_sub_grant_ends_the_link_and_a_closed_grant_takes_nothing_more(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, now: datetime
) -> None:
    open_page(client, link, clock)
    url, duty_id = f"{link}/afspraak/{story['duty']}", story["duty"]
    with writing() as session:
        session.execute(update(Grant).values(state=GrantState.CLOSED))
    assert hand_over(client, url, duty_id, note="Alsnog.", deliver="1").status_code == 409
    assert "Lever dit aan" not in client.get(url).text
    with pytest.raises(Refused), writing():
        mails.send_link(story["sub_grant"], actor=SYSTEM, now=now)
    with writing() as session:
        session.execute(update(Grant).values(state=GrantState.ACTIVE))
        sub_grants.move(story["sub_grant"], SubGrantState.CANCELLED, actor=SYSTEM, now=now)
    assert client.get(link).status_code == 404


def test_files_are_taken_off_until_it_is_delivered_and_there_are_not_endlessly_many(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "MOST_FILES", 1)
    open_page(client, link, clock)
    url, duty_id = f"{link}/afspraak/{story['duty']}", story["duty"]
    for name in ("een.pdf", "twee.pdf"):
        client.post(url, data={"file": (io.BytesIO(PDF), name), "version": version(duty_id)})
    page = client.get(url).text
    assert "een.pdf" in page
    assert "twee.pdf" not in page
    (document,) = money_queries.files_of([duty_id])[duty_id]
    assert client.post(f"{url}/bestand/{document.id}/weg").status_code == 303
    assert client.get(f"{url}/bestand/{document.id}").status_code == 404
    assert money_queries.files_of([duty_id]) == {}
    hand_over(client, url, duty_id, note="Klaar.", deliver="1")
    late = hand_over(client, url, duty_id, file=(io.BytesIO(PDF), "drie.pdf"))
    assert late.status_code == 409
    assert "kan nu niet" in late.text
    assert money_queries.files_of([duty_id]) == {}


def test_we_keep_what_a_partner_mailed_and_record_that_it_came(
    fundraiser: Client, story: dict[str, int], now: datetime
) -> None:
    url = f"/grants/sub-grant-duties/{story['duty']}"
    assert fundraiser.post(f"{url}/files", data={}).status_code == 422
    file = {"file": (io.BytesIO(PDF), "per-mail.pdf")}
    assert fundraiser.post(f"{url}/files", data=file).status_code == 303
    assert "per-mail.pdf" in fundraiser.get(url).text
    assert fundraiser.post(f"{url}/move/delivered", data={"version": 1}).status_code == 303
    assert to_omar() == []
    assert "bestanden: 1" in fundraiser.get(f"/grants/sub-grants/{story['sub_grant']}").text


def test_no_link_goes_out_before_the_agreement(fundraiser: Client, now: datetime) -> None:
    with writing():
        row_id = make.passed_on(now, agreed=False)
    page = f"/grants/sub-grants/{row_id}"
    assert "/link" not in fundraiser.get(page).text
    assert fundraiser.post(f"{page}/link").status_code == 409
    assert sent() == []
