from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.errors import Refused
from app.extensions import db, now, writing
from app.jobs.services import run_one
from app.letters import services
from app.letters.models import Mailing, MailingRecipient, MailingState
from app.outbox.models import Message
from app.supporters import consents
from app.supporters.consent_models import Basis, Channel, Purpose
from tests.factories.supporters import person
from tests.support.client import Client
from tests.support.mails import content


def reader(name: str, email: str, **parts: object) -> int:
    one = person(name, email=email, **parts)
    with writing():
        consents.record_consent(
            one, Channel.EMAIL, Purpose.NEWS, Basis.CONSENT, source="test", proof="card", actor=SYSTEM, now=now()
        )
    return one


def mailing(**parts: str) -> int:
    fields = {"subject": "Nieuws", "body": "Beste lezer,\n\nHet gaat goed.", "subject_en": "", "body_en": ""} | parts
    with writing():
        return services.write(None, **fields, actor=SYSTEM, now=now())  # type: ignore[arg-type]


def send(one: int) -> None:
    with writing():
        services.start(one, actor=SYSTEM, now=now())
    for _ in range(20):
        services.send({"mailing": str(one)})


def mails() -> list[Message]:
    db.session.rollback()
    return list(db.session.execute(select(Message).where(Message.template == "letters/news")).scalars())


def test_it_goes_to_those_who_may_get_it_once_with_a_way_out(app: Flask) -> None:
    els, _piet = reader("Els Bakker", "els@voorbeeld.example"), reader("Piet Bakker", "ELS@voorbeeld.example")
    objects = reader("Anna Objects", "anna@voorbeeld.example")
    left = reader("Bob Left", "bob@voorbeeld.example")
    person("Cor Nothing", email="cor@voorbeeld.example")
    with writing():
        consents.object_to(objects, Channel.EMAIL, source="mail", actor=SYSTEM, now=now())
        consents.withdraw(left, Channel.EMAIL, Purpose.NEWS, source="mail", actor=SYSTEM, now=now())
    one = mailing()
    send(one)
    assert [content(m)["to"] for m in mails()] == ["els@voorbeeld.example"]
    assert mails()[0].person_id == els
    headers = content(mails()[0])["headers"]
    token = content(mails()[0])["data"]["token"]
    assert headers["List-Unsubscribe"].endswith(f"/nieuws/afmelden/{token}>")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    row = db.session.get_one(Mailing, one)
    assert (row.state, row.sent_count) == (MailingState.SENT, 1)


def test_batches_stop_and_go_on_and_nobody_gets_it_twice(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BATCH", 3)
    for n in range(8):
        reader(f"Lezer Nummer{n}", f"l{n}@voorbeeld.example")
    one = mailing()
    with writing():
        services.start(one, actor=SYSTEM, now=now())
    services.send({"mailing": str(one)})
    assert len(mails()) == 3
    with writing():
        services.stop(one, actor=SYSTEM, now=now())
    services.send({"mailing": str(one)})
    assert len(mails()) == 3
    with writing():  # as if the worker died after queueing and before moving on
        db.session.get_one(Mailing, one).cursor = 0
    send(one)
    assert sorted(content(m)["to"] for m in mails()) == [f"l{n}@voorbeeld.example" for n in range(8)]
    assert db.session.execute(select(func.count()).select_from(MailingRecipient)).scalar() == 8


def test_the_worker_carries_it_to_the_end(app: Flask) -> None:
    reader("Els Bakker", "els@voorbeeld.example")
    one = mailing()
    with writing():
        services.start(one, actor=SYSTEM, now=now())
    while run_one(now()):
        pass
    assert db.session.get_one(Mailing, one).state is MailingState.SENT


def test_what_is_on_its_way_is_not_changed_and_what_is_sent_not_sent_again(app: Flask) -> None:
    one = mailing()
    send(one)
    for act in (
        lambda: services.start(one, actor=SYSTEM, now=now()),
        lambda: services.stop(one, actor=SYSTEM, now=now()),
        lambda: services.write(one, subject="x", body="y", subject_en="", body_en="", actor=SYSTEM, now=now()),
    ):
        with pytest.raises(Refused), writing():
            act()


def test_staff_write_look_test_and_send(app: Flask, client: Client) -> None:
    reader("Els Bakker", "els@voorbeeld.example")
    client.sign_in("fundraiser")
    form = {"subject": "Nieuws <b>", "body": "Regel [x](https://evil.example)", "state": "sent", "sent_count": "9"}
    made = client.post("/mailings/new", data=form)
    assert made.status_code == 303
    at = made.location
    shown = client.get(at).text
    assert "Nieuws &lt;b&gt;" in shown
    row = db.session.execute(select(Mailing)).scalar_one()
    assert (row.state, row.sent_count) == (MailingState.DRAFT, 0)
    for page in ("/mailings", "/mailings/new", f"{at}/edit"):
        assert client.get(page).status_code == 200
    assert client.post(f"{at}/test").status_code == 303
    assert len(mails()) == 1
    assert client.post(f"{at}/start").status_code == 303
    assert client.get(f"{at}/edit").status_code == 200
    assert client.post(f"{at}/edit", data=form).status_code == 409
    assert client.post(f"{at}/stop").status_code == 303
    assert client.get("/mailings/5").status_code == 404
    assert client.post("/mailings/new", data={"subject": "", "body": "x"}).status_code == 422
