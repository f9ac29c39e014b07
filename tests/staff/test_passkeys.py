"""Passkeys without a browser: a key pair in software makes and answers, and forges (tests/support/authenticator.py)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from app.audit.queries import trail
from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.staff import passkeys, second_step, services
from app.staff.models import StaffPasskey
from tests.conftest import SettableClock, make_settings
from tests.support.accounts import SENTENCE, make_account
from tests.support.authenticator import Authenticator
from tests.support.client import Client
from tests.support.jobs import only_of

ORIGIN = "http://localhost:5610"
EMAIL = "anna@example.org"


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Flask]:
    """At an address with a name: passkeys are bound to it."""
    app = create_app(make_settings(tmp_path, DATABASE_URL=database_url, BASE_URL=ORIGIN), clock)
    with app.app_context():
        only_of("outbox")
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def staff_id(app: Flask) -> int:
    return make_account(EMAIL)


def stranger(app: Flask) -> Client:
    app.test_client_class = Client
    client = app.test_client()
    assert isinstance(client, Client)
    return client


def password(client: Client) -> str:
    return str(client.post("/login", data={"email": EMAIL, "password": SENTENCE}).location)


def ask(client: Client, where: str) -> dict[str, Any]:
    answer = client.post(where, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def send(client: Client, where: str, credential: str, **data: str) -> int:
    return client.post(where, data={"credential": credential} | data).status_code


def signed_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def registered(client: Client, **kwargs: Any) -> Authenticator:
    """A passkey of who is signed in here."""
    own = Authenticator(ORIGIN, **kwargs)
    made = own.make(ask(client, "/account/sign-in/passkeys/ask"))
    assert send(client, "/account/sign-in/passkeys", made, name="Laptop") in (200, 303)
    return own


@pytest.fixture
def own(app: Flask, staff_id: int) -> Authenticator:
    """A passkey of Anna, made while she was signed in somewhere."""
    client = stranger(app)
    password(client)
    return registered(client)


def test_a_passkey_is_made_and_is_the_second_step(app: Flask, client: Client, staff_id: int) -> None:
    password(client)
    options = ask(client, "/account/sign-in/passkeys/ask")
    assert options["rp"]["id"] == "localhost"
    own = Authenticator(ORIGIN)
    page = client.post("/account/sign-in/passkeys", data={"credential": own.make(options), "name": "Laptop"})
    assert page.text.count("<li><code>") == 10  # recovery codes come with the first way
    second = registered(client)
    assert [row.name for row in second_step.ways(staff_id).passkeys] == ["Laptop", "Laptop"]
    client.post("/logout")
    assert password(client) == "/login/second"
    allowed = {each["id"] for each in ask(client, "/login/second/passkey/ask")["allowCredentials"]}
    assert len(allowed) == 2
    answer = second.answer(ask(client, "/login/second/passkey/ask"))
    assert send(client, "/login/second/passkey", answer) == 303
    assert signed_in(client)
    line = trail("staff", staff_id)[0]
    assert line.changes["steps"] == ["password", "passkey"]  # type: ignore[index]
    row = db.session.scalars(select(StaffPasskey).where(StaffPasskey.credential_id == second.id)).one()
    assert (row.last_used_at, row.sign_count) == (now(), 1)


def test_a_passkey_alone_is_both_steps(app: Flask, client: Client, own: Authenticator) -> None:
    options = ask(client, "/login/passkey/ask")
    assert (options["userVerification"], options.get("allowCredentials", [])) == ("required", [])
    answer = client.post("/login/passkey?next=/staff", data={"credential": own.answer(options)})
    assert (answer.status_code, answer.location) == (303, "/staff")
    assert signed_in(client)


def test_alone_it_must_have_verified_its_user(app: Flask, client: Client, own: Authenticator) -> None:
    own.verifies = False
    assert send(client, "/login/passkey", own.answer(ask(client, "/login/passkey/ask"))) == 422
    password(client)
    assert send(client, "/login/second/passkey", own.answer(ask(client, "/login/second/passkey/ask"))) == 303


def test_an_answer_is_good_once_and_only_in_its_own_session(
    app: Flask, client: Client, own: Authenticator, clock: SettableClock
) -> None:
    own.counts = 0
    password(client)
    answer = own.answer(ask(client, "/login/second/passkey/ask"))
    thief = stranger(app)
    password(thief)
    assert send(thief, "/login/second/passkey", answer) == 422  # this session was given no challenge
    ask(thief, "/login/second/passkey/ask")
    assert send(thief, "/login/second/passkey", answer) == 422  # nor this one
    cookie = client.get_cookie("draagvlak").value
    assert send(client, "/login/second/passkey", answer) == 303
    replayed = stranger(app)
    replayed.set_cookie("draagvlak", cookie)  # with all that the browser had
    assert send(replayed, "/login/second/passkey", answer) == 303
    assert not signed_in(replayed)
    # A challenge for one thing answers nothing else, and is over after five minutes.
    alone = stranger(app)
    challenge = ask(alone, "/login/passkey/ask")
    cookie = alone.get_cookie("draagvlak").value
    clock.forward(minutes=6)
    assert send(alone, "/login/passkey", own.answer(challenge)) == 422
    password(thief)
    challenge = ask(thief, "/login/second/passkey/ask")
    assert send(thief, "/login/passkey", own.answer(challenge)) == 422
    assert not signed_in(thief)


def test_alone_an_answer_is_good_once(app: Flask, client: Client, own: Authenticator) -> None:
    """The whole request again, cookie and all; from a key ring that does not count, so the challenge alone tells."""
    own.counts = 0
    answer = own.answer(ask(client, "/login/passkey/ask"))
    cookie = client.get_cookie("draagvlak").value
    assert send(client, "/login/passkey", answer) == 303
    thief = stranger(app)
    thief.set_cookie("draagvlak", cookie)
    assert send(thief, "/login/passkey", answer) == 422
    assert not signed_in(thief)


@pytest.mark.parametrize(
    "forged", [{"origin": "https://evil.example"}, {"origin": "http://localhost:1"}, {"site": "evil.example"}]
)
def test_answers_of_another_site(app: Flask, client: Client, own: Authenticator, forged: dict[str, str]) -> None:
    assert send(client, "/login/passkey", own.answer(ask(client, "/login/passkey/ask"), **forged)) == 422
    assert not signed_in(client)


def test_a_copied_key_is_betrayed_by_its_count(app: Flask, client: Client, own: Authenticator) -> None:
    send(client, "/login/passkey", own.answer(ask(client, "/login/passkey/ask")))
    own.count = 0  # a copy made before
    other = stranger(app)
    assert send(other, "/login/passkey", own.answer(ask(other, "/login/passkey/ask"))) == 422
    assert not signed_in(other)


def test_of_two_uses_at_once_one_is_noted(app: Flask, own: Authenticator, staff_id: int) -> None:
    proof = passkeys.Proof(second_step.ways(staff_id).passkeys[0].id, staff_id, 0, 1)
    with writing():
        passkeys.use(proof, now=now())
    with pytest.raises(Exception, match="did not work"), writing():
        passkeys.use(proof, now=now())


@pytest.mark.parametrize(
    "credential", ["", "x", "{}", "[]", '{"id": 1}', json.dumps({"id": "QUJD", "rawId": "QUJD", "type": "public-key"})]
)
def test_nonsense(app: Flask, client: Client, own: Authenticator, credential: str) -> None:
    ask(client, "/login/passkey/ask")
    assert send(client, "/login/passkey", credential) == 422
    password(client)
    ask(client, "/login/second/passkey/ask")
    assert send(client, "/login/second/passkey", credential) == 422
    assert not signed_in(client)


def test_a_passkey_of_somebody_else_is_no_second_step(app: Flask, client: Client, own: Authenticator) -> None:
    make_account("eva@example.org")
    eva = stranger(app)
    eva.post("/login", data={"email": "eva@example.org", "password": SENTENCE})
    hers = registered(eva)
    password(client)
    options = ask(client, "/login/second/passkey/ask")
    assert send(client, "/login/second/passkey", hers.answer(options)) == 422
    assert not signed_in(client)


def test_a_closed_account_is_closed_to_its_passkey(
    app: Flask, client: Client, own: Authenticator, staff_id: int
) -> None:
    make_account("other@example.org")
    options = ask(client, "/login/passkey/ask")
    with writing():
        services.deactivate(staff_id, actor=SYSTEM, now=now())
    assert send(client, "/login/passkey", own.answer(options)) == 422
    assert not signed_in(client)


def test_taking_one_away(app: Flask, client: Client, own: Authenticator, staff_id: int) -> None:
    send(client, "/login/passkey", own.answer(ask(client, "/login/passkey/ask")))
    make_account("eva@example.org")
    eva = stranger(app)
    eva.post("/login", data={"email": "eva@example.org", "password": SENTENCE})
    url = f"/account/sign-in/passkeys/{second_step.ways(staff_id).passkeys[0].id}/remove"
    assert eva.post(url).status_code == 404
    assert client.post(url).status_code == 303
    db.session.rollback()
    assert second_step.ways(staff_id) == second_step.Ways(None, [], 0)
    other = stranger(app)
    assert send(other, "/login/passkey", own.answer(ask(other, "/login/passkey/ask"))) == 422
    assert password(other) == "/cockpit"


def test_confirming_with_a_passkey(app: Flask, client: Client, own: Authenticator, clock: SettableClock) -> None:
    send(client, "/login/passkey", own.answer(ask(client, "/login/passkey/ask")))
    clock.forward(minutes=11)
    assert client.post("/account/sign-in/codes").location.startswith("/account/confirm")
    answer = own.answer(ask(client, "/account/confirm/passkey/ask"))
    assert send(client, "/account/confirm/passkey", answer) == 303
    assert client.post("/account/sign-in/codes").status_code == 200
    clock.forward(minutes=11)
    assert send(client, "/account/confirm/passkey", answer) == 422


def test_at_a_number_there_are_no_passkeys_and_the_page_says_so(app: Flask, client: Client, staff_id: int) -> None:
    app.config["SETTINGS"] = make_settings(
        app.config["SETTINGS"].data_dir, DATABASE_URL=app.config["SETTINGS"].database_url.replace("+psycopg", "")
    )
    assert "data-passkey" not in client.get("/login").text
    password(client)
    assert "een getal" in client.get("/account/sign-in").text
    assert client.post("/login/passkey/ask").status_code == 409
