"""Donors change their own details: with evidence and a trail, over nobody's words, and a mailbox only from itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.audit.queries import trail
from app.base.actor import SYSTEM
from app.base.dates import local_date
from app.extensions import db, now, writing
from app.supporters import consents, contacts, queries, services
from app.supporters.consent_models import Basis, Channel, Consent, Purpose
from app.supporters.contact_models import Address
from app.supporters.models import Language, SupporterRole
from app.supporters.names import Name
from app.tasks.models import Task
from tests.conftest import SettableClock
from tests.factories.supporters import organisation, person
from tests.portal.conftest import Enter, text_of
from tests.portal.test_entering import fresh
from tests.support.client import Client
from tests.support.mails import links_mailed, mails

JAN, NEW = "jan@example.nl", "jan.nieuw@example.org"
PAGE = "/mijn-giften/gegevens"


def change(visitor: Client, what: str, **data: Any) -> Any:
    """Send one form as it is shown now, with these fields changed."""
    return visitor.post(f"{PAGE}/{what}", data={"mark": mark_of(visitor, what), **data})


def mark_of(visitor: Client, what: str) -> str:
    """What the form that is shown now stands on."""
    found = re.search(rf'action="{PAGE}/{what}".*?name="mark" value="(\w+)"', visitor.get(PAGE).text, re.DOTALL)
    return found[1] if found else ""


@pytest.fixture
def jan(app: Flask) -> int:
    return person(email=JAN, phone="+31612345678")


def test_name_address_and_phone(enter: Enter, jan: int) -> None:
    visitor = enter(JAN)
    name = {"first_name": "Jan-Willem", "infix": "Van 't", "last_name": "Hooft", "greeting": "sir", "spoken": "en"}
    assert change(visitor, "naam", **name, title="prof.", source="hacked").status_code == 303
    who = queries.get(jan)
    db.session.refresh(who)
    assert (who.display_name, who.language, who.title, who.source) == (
        "Jan-Willem van 't Hooft",
        Language.EN,
        "",
        "staff",
    )
    assert who.salutation() == "Dear Mr Van 't Hooft"
    place = {
        "street": "Dorpsstraat",
        "house_number": "12 a",
        "postcode": "2514aa",
        "place": "Den Haag",
        "country": "NL",
    }
    assert change(visitor, "adres", **place).status_code == 303
    assert change(visitor, "adres", **place | {"street": "Kerkstraat"}).status_code == 303
    rows = db.session.scalars(select(Address).order_by(Address.id)).all()
    assert [(r.street_line, r.postcode, r.ended_on) for r in rows] == [
        ("Dorpsstraat 12-A", "2514 AA", local_date(now())), ("Kerkstraat 12-A", "2514 AA", None)
    ]  # fmt: skip
    assert change(visitor, "telefoon", phone="070 3614444").status_code == 303
    assert queries.primary_phones([jan]) == {jan: "+31703614444"}
    assert change(visitor, "telefoon", phone="").status_code == 303
    assert queries.primary_phones([jan]) == {}
    assert len([m for m in mails() if m.message.template == "portal/details_changed"]) == 5
    done = {line.action for line in trail("supporter", jan) if line.actor_label == "donor"}
    assert {"supporter.changed", "supporter.address_added", "supporter.phone_removed"} <= done


def test_an_organisation_has_one_name(enter: Enter) -> None:
    made = organisation("Bakkerij Smit", email="info@example.nl", kvk="12345678")
    visitor = enter("info@example.nl")
    for wrong in ("", "Bakkerij\u202e Smit", "Bakkerij\x00", "B" * 201):
        assert change(visitor, "naam", organisation_name=wrong, spoken="nl").status_code == 422
    assert change(visitor, "naam", organisation_name="Bakkerij De Smid", spoken="nl").status_code == 303
    who = queries.get(made)
    db.session.refresh(who)
    assert (who.display_name, who.kvk) == ("Bakkerij De Smid", "12345678")


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("naam", {"last_name": "x" * 121, "greeting": "sir", "spoken": "nl"}),
        ("naam", {"last_name": "Berg\u202egreB", "greeting": "sir", "spoken": "nl"}),
        ("naam", {"last_name": "Berg", "greeting": "king", "spoken": "nl"}),
        ("adres", {"street": "Dorpsstraat", "place": "Den Haag", "postcode": "0514 AA", "country": "NL"}),
        ("adres", {"street": "Dorpsstraat", "place": "Den Haag", "house_number": "bis", "country": "NL"}),
        ("telefoon", {"phone": "06-1234"}),
        ("e-mail", {"email": "jan@"}),
        ("e-mail", {"email": "JAN@example.nl"}),
        ("contact", {"by_email": "everything"}),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(enter: Enter, jan: int, what: str, data: dict[str, str]) -> None:
    visitor, before = enter(JAN), len(trail("supporter", jan))
    answer = change(visitor, what, **data)
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert len(trail("supporter", jan)) == before


def test_who_saves_second_sees_what_stands_now_and_loses_nothing(enter: Enter, jan: int) -> None:
    visitor = enter(JAN)
    marks = {what: mark_of(visitor, what) for what in ("naam", "contact")}
    with writing():
        services.rename_person(jan, Name(last_name="Jansen"), language=Language.NL, actor=SYSTEM, now=now())
        consents.object_to(jan, Channel.EMAIL, source="phone", actor=SYSTEM, now=now())
    mine = {"mark": marks["naam"], "first_name": "Jan", "last_name": "Bergman", "greeting": "neutral", "spoken": "nl"}
    answer = visitor.post(f"{PAGE}/naam", data=mine)
    assert answer.status_code == 409
    assert "Jansen" in answer.text, "what stands now"
    assert 'value="Bergman"' in answer.text, "and what was typed"
    assert queries.names([jan]) == {jan: "Jansen"}
    assert visitor.post(f"{PAGE}/contact", data={"mark": marks["contact"], "by_email": "news"}).status_code == 409
    assert visitor.post(f"{PAGE}/naam", data={**mine, "mark": ""}).status_code == 409
    assert change(visitor, "naam", **{k: v for k, v in mine.items() if k != "mark"}).status_code == 303
    assert queries.names([jan]) == {jan: "Jan Bergman"}


def may(supporter_id: int, channel: Channel, purpose: Purpose) -> bool:
    return bool(consents.may_contact(supporter_id, channel, purpose, local_date(now())))


def test_consents_by_channel_are_kept_with_the_words_ticked(enter: Enter, jan: int, clock: SettableClock) -> None:
    with writing():
        consents.object_to(jan, Channel.POST, source="letter", actor=SYSTEM, now=now())
    visitor = enter(JAN)
    clock.forward(seconds=2)
    ticked = {"by_email": ["news", "events"], "by_post": ["fundraising"], "by_phone": []}
    assert change(visitor, "contact", **ticked).status_code == 303
    assert {p for p in Purpose if may(jan, Channel.EMAIL, p)} == {Purpose.NEWS, Purpose.EVENTS, Purpose.SERVICE}
    assert {p for p in Purpose if may(jan, Channel.POST, p)} == {Purpose.FUNDRAISING, Purpose.SERVICE}, (
        "objection lifted"
    )
    given = db.session.scalars(select(Consent).where(Consent.basis == Basis.CONSENT)).all()
    assert {(c.source, c.text_version) for c in given} == {("Mijn giften", "mijn-giften-2026-11")}
    assert any("[x] Nieuws over ons werk, [ ] Verzoeken om een gift, [x] Uitnodigingen" in c.proof for c in given)
    clock.forward(seconds=2)
    rows = len(db.session.scalars(select(Consent.id)).all())
    assert change(visitor, "contact", **ticked).status_code == 303
    assert len(db.session.scalars(select(Consent.id)).all()) == rows, "the same answer is not an answer anew"
    clock.forward(seconds=2)
    assert change(visitor, "contact").status_code == 303
    assert not any(may(jan, c, p) for c in Channel for p in Purpose if p is not Purpose.SERVICE)


def ask(visitor: Client, clock: SettableClock, address: str = NEW) -> tuple[str, str]:
    """Ask for another mailbox: the link in the new one and that in the old one."""
    clock.forward(seconds=2)
    answer = change(visitor, "e-mail", email=address)
    assert answer.status_code == 303
    return links_mailed("/mijn-giften/nieuw-adres/")[-1], links_mailed("/mijn-giften/niet-gevraagd/")[-1]


def test_a_mailbox_counts_once_confirmed_from_it(app: Flask, enter: Enter, jan: int, clock: SettableClock) -> None:
    visitor, elsewhere = enter(JAN), enter(JAN, fresh(app))
    confirm, _refuse = ask(visitor, clock)
    assert queries.primary_emails([jan]) == {jan: JAN}
    assert NEW in visitor.get(PAGE).text, "says what it waits for"
    for _ in range(2):
        assert fresh(app).get(confirm).status_code == 200
    assert queries.primary_emails([jan]) == {jan: JAN}, "looking changes nothing"
    cookie = visitor.post(confirm).headers["Set-Cookie"]
    assert "draagvlak_gever=" in cookie
    assert queries.primary_emails([jan]) == {jan: NEW}
    assert NEW in visitor.get("/mijn-giften").text, "the browser that asked stays in, in a fresh visit"
    assert JAN not in elsewhere.get("/mijn-giften").text, "every other visit ended"
    assert visitor.post(confirm).status_code == 404, "once"
    told = [m.to for m in mails() if m.message.template == "supporters/mailbox_changed"]
    assert sorted(told) == sorted([JAN, NEW])
    assert "supporter.mailbox_changed" in [e.action for e in trail("supporter", jan) if e.actor_label == "donor"]


def test_a_link_opened_elsewhere_confirms_without_opening_the_page(
    app: Flask, enter: Enter, jan: int, clock: SettableClock
) -> None:
    visitor = enter(JAN)
    confirm, _refuse = ask(visitor, clock)
    stranger = fresh(app)
    stranger.post(confirm)
    assert queries.primary_emails([jan]) == {jan: NEW}
    assert "Berg" not in stranger.get("/mijn-giften").text
    assert "Berg" not in visitor.get("/mijn-giften").text


def test_links_that_are_over_change_nothing(app: Flask, enter: Enter, jan: int, clock: SettableClock) -> None:
    visitor = enter(JAN)
    first, _ = ask(visitor, clock)
    second, _ = ask(visitor, clock, "jan.ander@example.org")
    assert fresh(app).post(first).status_code == 404, "the newest counts"
    assert change(visitor, "e-mail/laat-maar").status_code == 303
    assert fresh(app).post(second).status_code == 404
    third, _ = ask(visitor, clock)
    with writing():
        contacts.add_email(jan, "jan.staf@example.org", actor=SYSTEM, now=now())
    assert fresh(app).post(third).status_code == 404, "staff changed the mailbox meanwhile"
    fourth, _ = ask(enter("jan.staf@example.org"), clock)
    clock.forward(hours=25)
    assert fresh(app).post(fourth).status_code == 404
    assert queries.primary_emails([jan]) == {jan: "jan.staf@example.org"}


@pytest.mark.parametrize("confirmed_first", [False, True])
def test_who_did_not_ask_stops_it_and_staff_hear(
    app: Flask, enter: Enter, jan: int, clock: SettableClock, confirmed_first: bool
) -> None:
    visitor = enter(JAN)
    confirm, refuse = ask(visitor, clock)
    if confirmed_first:
        fresh(app).post(confirm)
    owner = fresh(app)
    assert owner.get(refuse).status_code == 200
    assert db.session.scalar(select(Task.id)) is None, "looking changes nothing"
    page = text_of(owner.post(refuse).text)
    assert ("gold al" in page) is confirmed_first
    task = db.session.scalars(select(Task)).one()
    assert (task.subject_id, task.due_on, "nu geldt" in task.title) == (jan, local_date(now()), confirmed_first)
    assert "Berg" not in visitor.get("/mijn-giften").text
    assert owner.post(confirm).status_code == 404
    assert owner.post(refuse).status_code == 404, "once"


def test_an_address_of_somebody_else_is_not_told_and_may_be_shared(
    app: Flask, enter: Enter, jan: int, clock: SettableClock
) -> None:
    person("Mia Smit", email="mia@example.nl")
    visitor = enter(JAN)
    answers = []
    for address in ("mia@example.nl", "nobody@example.org"):
        clock.forward(seconds=2)
        answer = change(visitor, "e-mail", email=address)
        answers.append((answer.status_code, answer.location, text_of(visitor.get(PAGE).text).replace(address, "")))
    assert answers[0] == answers[1]
    confirm, _refuse = ask(visitor, clock, "mia@example.nl")
    visitor.post(confirm)
    clock.forward(seconds=2)
    assert visitor.post("/mijn-giften", data={"email": "mia@example.nl"}).status_code == 303
    assert len(links_mailed("/mijn-giften/open/")) >= 3, "a link for each of the two records"
    assert queries.primary_emails([jan]) == {jan: "mia@example.nl"}


def test_nobodys_mailbox_is_filled_and_asking_has_an_end(enter: Enter, jan: int, clock: SettableClock) -> None:
    visitor = enter(JAN)
    answers = [change(visitor, "e-mail", email="mia@example.nl").status_code for _ in range(6)]
    assert answers == [303] * 5 + [429]
    assert len([m for m in mails() if m.to == "mia@example.nl"]) == 3


def test_pages_are_closed_to_others(app: Flask, jan: int) -> None:
    assert not db.session.scalars(select(SupporterRole)).all()
    stranger = fresh(app)
    assert stranger.get(PAGE).status_code == 303
    for what in ("naam", "adres", "telefoon", "contact", "e-mail", "e-mail/laat-maar"):
        assert stranger.post(f"{PAGE}/{what}", data={"email": NEW}).status_code == 303
    assert queries.primary_emails([jan]) == {jan: JAN}
