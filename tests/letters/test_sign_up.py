from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.base.dates import local_date
from app.extensions import db, now, writing
from app.outbox.models import Message
from app.supporters import newsletter
from app.supporters.consent_models import Channel, Consent, NewsletterRequest, Purpose
from app.supporters.consents import may_contact
from app.supporters.contact_models import Email
from app.supporters.models import Supporter
from tests.factories.supporters import person
from tests.support.client import Client
from tests.support.mails import content, newest_mail, token_in_newest_mail

ADDRESS = "els@voorbeeld.example"


def count(model: type) -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(model)).scalar() or 0


def ask(client: Client, path: str = "/blijf-op-de-hoogte", **form: str) -> str:
    answer = client.post(path, data={"first_name": "Els", "email": ADDRESS} | form)
    assert answer.status_code == 303
    db.session.rollback()
    return token_in_newest_mail()


def test_nothing_counts_before_the_mailbox_confirms(app: Flask, client: Client) -> None:
    token = ask(client)
    assert count(Supporter) == 0
    page = f"/nieuws/bevestigen/{token}"
    for _ in range(3):  # scanners look first, some more than once
        assert client.get(page).status_code == 200
        assert client.head(page).status_code == 200
    assert count(Consent) == 0
    assert "u bent aangemeld" in client.post(page).text
    assert count(Consent) == 1
    assert client.post(page).status_code == 404
    assert client.get(page).status_code == 404
    assert count(Consent) == 1


def test_known_and_unknown_addresses_get_the_same_answer(app: Flask, client: Client) -> None:
    person("Els Bakker", email=ADDRESS)
    answers = [client.post("/blijf-op-de-hoogte", data={"email": e}) for e in (ADDRESS, "niemand@voorbeeld.example")]
    assert answers[0].status_code == answers[1].status_code == 303
    assert answers[0].location == answers[1].location
    assert answers[0].data == answers[1].data
    assert dict(answers[0].headers).keys() == dict(answers[1].headers).keys()
    assert count(Message) == 2


def test_of_many_at_once_one_confirms(app: Flask, client: Client) -> None:
    token = ask(client)
    codes: list[int] = []

    def post() -> None:
        codes.append(app.test_client().post(f"/nieuws/bevestigen/{token}", data={}).status_code)

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200] + [404] * 7
    assert count(Consent) == 1


def test_english_is_asked_and_answered_in_english(app: Flask, client: Client) -> None:
    assert "Stay informed" in client.get("/en/stay-informed").text
    token = ask(client, "/en/stay-informed")
    assert newest_mail().language == "en"
    assert "Would you like our news?" in client.get(f"/nieuws/bevestigen/{token}").text


@pytest.mark.parametrize(
    "email", ["", "geen adres", "a@b", "x" * 300 + "@voorbeeld.example", "a@voorbeeld.example\x00"]
)
def test_wrong_addresses_are_answered_beside_the_field(app: Flask, client: Client, email: str) -> None:
    answer = client.post("/blijf-op-de-hoogte", data={"first_name": "Els & co", "email": email})
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert "Els &amp; co" in answer.text
    assert count(NewsletterRequest) == 0


def test_columns_that_the_form_does_not_offer_are_not_stored(app: Flask, client: Client) -> None:
    ask(client, source="forged", text_version="forged", confirmed_at="2026-01-01", language="xx")
    row = db.session.execute(select(NewsletterRequest)).scalar_one()
    assert (row.source, row.text_version, row.confirmed_at, row.language) == (
        "website", newsletter.TEXT_VERSION, None, "nl",
    )  # fmt: skip


def test_one_place_cannot_sign_up_the_world(app: Flask, client: Client) -> None:
    codes = [
        client.post("/blijf-op-de-hoogte", data={"email": f"a{n}@voorbeeld.example"}).status_code for n in range(11)
    ]
    assert codes == [303] * 10 + [429]
    assert count(Message) == 10


def signed_up(client: Client) -> tuple[int, str]:
    """The supporter and a leave token."""
    client.post(f"/nieuws/bevestigen/{ask(client)}")
    db.session.rollback()
    one, email = db.session.execute(select(Email.supporter_id, Email.id)).one()
    with writing():
        return one, newsletter.leave_token(email, now=now())


def test_leaving_is_two_clicks_and_tells_the_truth(app: Flask, client: Client) -> None:
    one, token = signed_up(client)
    page = f"/nieuws/afmelden/{token}"
    assert "e•••@voorbeeld.example" in client.get(page).text
    assert may_contact(one, Channel.EMAIL, Purpose.NEWS, local_date(now())), "a GET changes nothing"
    assert "U bent afgemeld" in client.post(page).text
    db.session.rollback()
    assert not may_contact(one, Channel.EMAIL, Purpose.NEWS, local_date(now()))
    assert "U krijgt geen nieuws van ons" in client.get(page).text
    assert client.post(page).status_code == 200
    assert client.get("/nieuws/afmelden/" + "x" * 27).status_code == 404
    assert client.post("/nieuws/afmelden/nonsense").status_code == 404


def test_mail_programs_leave_with_one_post_and_others_need_our_form(app: Flask, client: Client) -> None:
    one, token = signed_up(client)
    page = f"/nieuws/afmelden/{token}"
    assert client.post(page, csrf=False).status_code == 403
    assert may_contact(one, Channel.EMAIL, Purpose.NEWS, local_date(now()))
    assert client.post(page, data={"List-Unsubscribe": "One-Click"}, csrf=False).status_code == 200
    db.session.rollback()
    assert not may_contact(one, Channel.EMAIL, Purpose.NEWS, local_date(now()))


def test_the_mail_asks_to_confirm_and_nothing_else(app: Flask, client: Client) -> None:
    ask(client)
    assert content(newest_mail())["to"] == ADDRESS
    assert newest_mail().template == "supporters/newsletter_confirm"
