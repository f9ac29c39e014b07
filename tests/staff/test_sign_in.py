from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher
from flask import Flask, redirect, session, url_for
from sqlalchemy import select

from app.audit.queries import trail
from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.staff import passwords, services, sessions, sign_in
from app.staff.models import Staff, StaffSession
from app.staff.views.sign_in import proceed
from app.ui.permissions import PUBLIC_ENDPOINTS, Permission, Role, requires
from tests.conftest import SettableClock
from tests.support.accounts import SENTENCE, make_account
from tests.support.client import Client

WRONG = "een verkeerde zin"


def attempt(client: Client, password: str = SENTENCE, email: str = "anna@example.org", **kwargs: object) -> int:
    return client.post("/login", data={"email": email, "password": password}, **kwargs).status_code


def signed_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def stranger(app: Flask) -> Client:
    client = app.test_client()
    assert isinstance(client, Client)
    return client


def test_signing_in_and_out(app: Flask, client: Client) -> None:
    staff_id = make_account()
    answer = client.post("/login", data={"email": " anna@example.ORG ", "password": SENTENCE})
    assert (answer.status_code, answer.location) == (303, "/cockpit")
    assert signed_in(client)
    assert client.get("/login").status_code == 303
    assert client.post("/logout").status_code == 303
    assert not signed_in(client)
    told = [line.action for line in trail("staff", staff_id)]
    assert told == ["staff.signed_out", "staff.signed_in", "staff.created"]


@pytest.mark.parametrize("password", [WRONG, SENTENCE.upper(), f" {SENTENCE}", "x" * 200])
def test_a_wrong_password(app: Flask, client: Client, password: str) -> None:
    staff_id = make_account()
    answer = client.post("/login", data={"email": "anna@example.org", "password": password})
    assert answer.status_code == 422
    assert "anna@example.org" in answer.text  # what was typed is kept
    assert password not in answer.text  # but not the password
    assert not signed_in(client)
    line = trail("staff", staff_id)[0]
    assert (line.action, line.changes) == ("staff.sign_in_failed", {"address": "127.0.0.1"})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"email": "a"},
        {"email": "a\x00b", "password": "x"},
        {"email": "a" * 300, "password": "x"},
        {"email": "a", "password": "x" * 201},
    ],
)
def test_bad_input(app: Flask, client: Client, data: dict[str, str]) -> None:
    assert client.post("/login", data=data).status_code == 422


def test_the_answer_does_not_tell_whether_an_account_exists(app: Flask, client: Client) -> None:
    make_account()
    make_account("invited@example.org", password=None)
    closed = make_account("closed@example.org")
    with app.app_context():
        from app.base.actor import SYSTEM
        from app.extensions import writing
        from app.staff import services

        with writing():
            services.deactivate(closed, actor=SYSTEM, now=now())
    answers = set()
    for email in ("anna@example.org", "nobody@example.org", "invited@example.org", "closed@example.org"):
        other = stranger(app)
        answer = other.post("/login", data={"email": email, "password": WRONG})
        bare = answer.text.replace(email, "…")
        token = bare.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        headers = sorted(name for name, _ in answer.headers)
        answers.add((answer.status_code, bare.replace(token, "…"), tuple(headers)))
    assert len(answers) == 1


class Counting(PasswordHasher):
    """argon2id that keeps a list of what it was asked to do."""

    work: list[str]

    def hash(self, *args: Any, **options: Any) -> str:
        self.work.append("hash")
        return super().hash(*args, **options)

    def verify(self, *args: Any, **options: Any) -> Literal[True]:
        self.work.append("verify")
        return super().verify(*args, **options)


@pytest.fixture
def counting() -> Iterator[Counting]:
    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    hasher.work = []
    passwords.use(hasher)
    yield hasher
    passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def test_every_address_costs_the_same_hashing_also_the_first(app: Flask, client: Client, counting: Counting) -> None:
    """Counted, not timed. The broken twin made the stand-in hash when the first unknown address came."""
    make_account()
    closed = make_account("closed@example.org")
    with writing():
        services.deactivate(closed, actor=SYSTEM, now=now())
    work = {}
    for email in ("anna@example.org", "nobody@example.org", "closed@example.org", "nobody@example.org"):
        passwords.use(counting)  # as after a start
        counting.work = []
        assert attempt(stranger(app), WRONG, email) == 422
        work[email] = tuple(counting.work)
    assert set(work.values()) == {("hash", "verify")}
    for email in work:
        counting.work = []
        assert attempt(stranger(app), WRONG, email) == 422
        assert counting.work == ["verify"]


def test_asking_for_a_new_password_never_hashes(app: Flask, client: Client, counting: Counting) -> None:
    make_account()
    counting.work = []
    for email in ("anna@example.org", "nobody@example.org"):
        stranger(app).post("/forgot-password", data={"email": email})
    assert counting.work == []


def test_an_unknown_address_costs_as_much_as_a_wrong_password(app: Flask, client: Client) -> None:
    """The broken twin answers an unknown address without hashing: here some 25 ms sooner."""
    passwords.use(PasswordHasher(time_cost=6, memory_cost=8192, parallelism=1))
    try:
        make_account()
        passwords.matches("warm", None)

        def seconds(email: str) -> float:
            other = stranger(app)
            other.csrf_token()
            started = time.perf_counter()
            assert attempt(other, WRONG, email) == 422
            return time.perf_counter() - started

        known, unknown = [], []
        for _ in range(4):
            known.append(seconds("anna@example.org"))
            unknown.append(seconds("nobody@example.org"))
        assert median(unknown) > 0.6 * median(known)
        assert median(known) > 0.6 * median(unknown)
    finally:
        passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ("/grants?page=2", "/grants?page=2"),
        ("", "/cockpit"),
        ("https://evil.example/", "/cockpit"),
        ("//evil.example/", "/cockpit"),
        ("/\\evil.example", "/cockpit"),
        ("/\t/evil.example", "/cockpit"),
        ("javascript:alert(1)", "/cockpit"),
        ("evil", "/cockpit"),
    ],
)
def test_only_addresses_of_ours_are_followed(app: Flask, client: Client, target: str, where: str) -> None:
    make_account()
    answer = client.post(
        "/login", query_string={"next": target}, data={"email": "anna@example.org", "password": SENTENCE}
    )
    assert (answer.status_code, answer.location) == (303, where)


def test_being_sent_to_sign_in_and_back(app: Flask, client: Client) -> None:
    make_account()
    answer = client.get("/staff?role=admin")
    assert answer.status_code in (302, 303)
    form = client.get(answer.location)
    assert form.status_code == 200
    answer = client.post(answer.location, data={"email": "anna@example.org", "password": SENTENCE})
    assert answer.location == "/staff?role=admin"


def test_a_session_known_before_signing_in_is_worth_nothing(app: Flask, client: Client) -> None:
    """Fixation: whatever the cookie held is gone, and an old copy of it opens nothing."""
    make_account()
    client.get("/login")
    with client.session_transaction() as before:
        before["planted"] = "by somebody else"
        before[sessions.COOKIE_KEY] = "a token that was known before"
    old = client.get_cookie("draagvlak").value
    assert attempt(client) == 303
    with client.session_transaction() as after:
        assert "planted" not in after
        assert after[sessions.COOKIE_KEY] != "a token that was known before"
    thief = stranger(app)
    thief.set_cookie("draagvlak", old)
    assert not signed_in(thief)


def test_a_stolen_cookie_is_worthless_after_signing_out(app: Flask, client: Client) -> None:
    make_account()
    attempt(client)
    thief = stranger(app)
    thief.set_cookie("draagvlak", client.get_cookie("draagvlak").value)
    assert signed_in(thief)
    client.post("/logout")
    assert not signed_in(thief)


def test_only_hashes_of_tokens_are_stored(app: Flask, client: Client) -> None:
    make_account()
    attempt(client)
    with client.session_transaction() as held:
        token = held[sessions.COOKIE_KEY]
    assert len(token) >= 43  # 256 bits
    row = db.session.scalars(select(StaffSession)).one()
    assert token.encode() not in row.token_hash
    assert len(row.token_hash) == 32


def test_the_cookie_is_kept_from_scripts_and_other_sites(app: Flask, client: Client) -> None:
    make_account()
    answer = client.post("/login", data={"email": "anna@example.org", "password": SENTENCE})
    cookies = {line.split("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}
    for name in ("draagvlak", "draagvlak_device"):
        assert "HttpOnly" in cookies[name]
        assert "SameSite=Lax" in cookies[name]
        assert "Secure" not in cookies[name]  # plain http here


def test_a_session_ends_when_idle_and_after_its_hours(app: Flask, client: Client, clock: SettableClock) -> None:
    client.sign_in(Role.VIEWER)
    for _ in range(14):  # 11 hours and 40 minutes, never idle for long
        clock.forward(minutes=50)
        assert signed_in(client)
    clock.forward(minutes=50)
    assert not signed_in(client)
    client.sign_in(Role.VIEWER)
    clock.forward(minutes=61)
    assert not signed_in(client)


def test_a_living_session_is_noted_at_most_once_a_minute(app: Flask, client: Client, clock: SettableClock) -> None:
    client.sign_in(Role.VIEWER)
    started = now()

    def seen() -> object:
        db.session.rollback()
        return db.session.scalar(select(StaffSession.last_seen_at))

    clock.forward(seconds=59)
    signed_in(client)
    assert seen() == started
    clock.forward(seconds=1)
    signed_in(client)
    assert seen() == now()


def test_guessing_is_slowed_down_and_the_right_person_gets_in_again(
    app: Flask, client: Client, clock: SettableClock
) -> None:
    make_account()
    answers = [attempt(client, WRONG) for _ in range(8)]
    assert answers == [422] * 5 + [429] * 3
    assert attempt(client) == 429  # the right password too: an answer here would tell
    clock.forward(minutes=15)
    assert attempt(client) == 303
    client.post("/logout")
    assert attempt(client, WRONG) == 422  # forgiven


def test_a_device_that_was_here_before_is_not_shut_out_by_guessing_elsewhere(
    app: Flask, client: Client, clock: SettableClock
) -> None:
    make_account()
    attempt(client)
    client.post("/logout")
    elsewhere = stranger(app)
    for number in range(12):
        attempt(elsewhere, WRONG, environ_overrides={"REMOTE_ADDR": f"203.0.113.{number}"})
    assert attempt(elsewhere) == 429
    assert attempt(client) == 303
    # The device's name is no way round the limit either: it has a count of its own.
    client.post("/logout")
    assert [attempt(client, WRONG) for _ in range(7)] == [422] * 5 + [429] * 2
    # And it counts for one account alone.
    make_account("other@example.org")
    thief = stranger(app)
    thief.set_cookie("draagvlak_device", client.get_cookie("draagvlak_device", path="/login").value, path="/login")
    codes = [attempt(thief, WRONG, "other@example.org") for _ in range(7)]
    assert codes == [422] * 5 + [429] * 2


def test_one_address_cannot_try_everybody(app: Flask, client: Client) -> None:
    codes = [attempt(client, WRONG, f"somebody{number}@example.org") for number in range(62)]
    assert codes == [422] * 60 + [429] * 2
    assert attempt(client, WRONG, "another@example.org", environ_overrides={"REMOTE_ADDR": "203.0.113.9"}) == 422


def test_another_address_of_the_same_network_is_no_other_visitor(app: Flask, client: Client) -> None:
    """Who rents one server has 2 to the power 64 addresses in IPv6: as many guesses without this."""
    codes = [
        client.post(
            "/mijn-giften", data={"email": f"a{n}@example.org"}, environ_overrides={"REMOTE_ADDR": f"2001:db8::{n}"}
        ).status_code
        for n in range(11)
    ]
    assert codes == [303] * 10 + [429]


def test_a_header_is_no_address(app: Flask, client: Client) -> None:
    """Without TRUSTED_PROXIES a forged X-Forwarded-For does not make a new client."""
    make_account()
    codes = [attempt(client, WRONG, headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(7)]
    assert codes == [422] * 5 + [429] * 2


def test_an_old_hash_is_made_anew_at_sign_in(app: Flask, client: Client) -> None:
    staff_id = make_account()
    passwords.use(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    try:
        assert attempt(client) == 303
        assert "t=2" in (db.session.scalar(select(Staff.password_hash).where(Staff.id == staff_id)) or "")
    finally:
        passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def test_a_second_step_stands_between_password_and_session(
    app: Flask, client: Client, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second factor adds a step; no view of the first knows it."""
    staff_id = make_account()

    @app.post("/second")
    def second() -> object:
        pending = sign_in.held(now())
        return proceed(replace(pending, done=(*pending.done, "second")))

    app.add_url_rule("/second", "second_form", lambda: redirect(url_for("staff.login")), methods=["GET"])
    monkeypatch.setattr("app.ui.permissions.PUBLIC_ENDPOINTS", PUBLIC_ENDPOINTS | {"second", "second_form"})
    monkeypatch.setattr(sign_in, "_steps", [sign_in.Step("second", "second_form", lambda who: who == staff_id)])
    assert client.post("/second").status_code == 409  # nobody is on the way
    answer = client.post("/login?next=/staff", data={"email": "anna@example.org", "password": SENTENCE})
    assert answer.location == "/second"
    assert not signed_in(client)
    clock.forward(minutes=11)
    assert client.post("/second").status_code == 409  # too late
    attempt(client)
    assert client.post("/second").location == "/cockpit"
    assert signed_in(client)


def test_a_permission_is_asked_at_every_request(app: Flask, client: Client) -> None:
    @app.get("/probe")
    @requires(Permission.FINANCE_WRITE)
    def probe() -> str:
        return str(session.get("nothing"))

    client.sign_in(Role.FINANCE)
    assert client.get("/probe").status_code == 200
    from app.base.actor import SYSTEM
    from app.extensions import writing
    from app.staff import services

    with writing():
        services.change_role(client.staff_id or 0, Role.VIEWER, actor=SYSTEM, now=now())
    assert client.get("/probe").status_code in (302, 303)  # signed out by the change
    client.sign_in(Role.VIEWER)
    assert client.get("/probe").status_code == 403
