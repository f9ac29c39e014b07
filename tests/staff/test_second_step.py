from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app.audit.queries import trail
from app.base.actor import SYSTEM
from app.extensions import db, limits, now, writing
from app.jobs.services import run_due
from app.staff import codes_app, recovery, second_step, services, sign_in
from app.staff.models import StaffApp, StaffRecoveryCode
from app.ui.permissions import Role
from tests.conftest import SettableClock, make_settings
from tests.support.accounts import SENTENCE, make_account
from tests.support.client import Client
from tests.support.jobs import only_of
from tests.support.mails import mails
from tests.support.second_step import code_of, give_app, give_codes

EMAIL = "anna@example.org"


@pytest.fixture
def staff_id(app: Flask) -> int:
    only_of("outbox")
    return make_account(EMAIL)


def password(client: Client, **kwargs: object) -> str:
    answer = client.post("/login?next=/staff", data={"email": EMAIL, "password": SENTENCE}, **kwargs)
    assert answer.status_code == 303
    return str(answer.location)


def code(client: Client, typed: str, **kwargs: object) -> int:
    return client.post("/login/second", data={"code": typed}, **kwargs).status_code


def signed_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def stranger(app: Flask) -> Client:
    app.test_client_class = Client
    client = app.test_client()
    assert isinstance(client, Client)
    return client


def subjects_told() -> list[str]:
    run_due()
    return [mail.rendered.text for mail in mails()]


def test_setting_an_app_up_and_signing_in_with_it(
    app: Flask, client: Client, staff_id: int, clock: SettableClock
) -> None:
    assert password(client) == "/staff"
    elsewhere = stranger(app)
    password(elsewhere)
    page = client.get("/account/sign-in/app").text
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    draft = re.search(r'name="draft"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]
    refused = client.post("/account/sign-in/app", data={"draft": draft, "code": "000000"})
    assert (refused.status_code, draft in refused.text) == (422, True)  # the same square again
    assert client.post("/account/sign-in/app", data={"draft": "x" + draft, "code": code_of(secret)}).status_code == 422
    codes = client.post("/account/sign-in/app", data={"draft": draft, "code": code_of(secret)})
    assert len(re.findall(r"<code>[a-z0-9]{5}-[a-z0-9]{5}</code>", codes.text)) == 10
    assert signed_in(client)
    assert not signed_in(elsewhere)  # opened by the password alone
    assert secret.encode() not in db.session.scalars(select(StaffApp.secret_sealed)).one()
    again = client.post("/account/sign-in/app", data={"draft": draft, "code": code_of(secret)})
    assert again.location == "/account/sign-in"  # sent twice: nothing more happens, no other codes
    client.post("/logout")
    assert password(client) == "/login/second"
    assert code(client, code_of(secret)) == 422  # it proved the app already
    clock.forward(seconds=30)
    assert code(client, code_of(secret)) == 303
    assert signed_in(client)
    told = trail("staff", staff_id, limit=30)
    assert {"staff.app_set", "staff.recovery_codes_made"} <= {line.action for line in told}
    assert told[0].changes["steps"] == ["password", "app"]  # type: ignore[index]
    assert secret not in str(told)
    assert any("Er is een app" in mail for mail in subjects_told())


def test_between_the_steps_no_page_opens(app: Flask, client: Client, staff_id: int, clock: SettableClock) -> None:
    secret = give_app(staff_id)
    assert password(client) == "/login/second"
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("staff.") and not rule.arguments and "GET" in (rule.methods or ()):
            answer = client.get(rule.rule)
            assert "account" not in rule.rule or answer.location.startswith("/login"), rule.rule
    before = client.get_cookie("draagvlak").value
    clock.forward(minutes=9)
    assert client.get("/login/second").status_code == 200
    assert code(client, code_of(secret)) == 303
    assert client.get_cookie("draagvlak").value != before
    clock.forward(seconds=30)
    thief = stranger(app)  # with the cookie of between the steps, and a good code: it was used up
    thief.set_cookie("draagvlak", before)
    assert not signed_in(thief)
    assert thief.get("/login/second").location == "/login"
    assert code(thief, code_of(secret, 1)) == 303
    assert not signed_in(thief)
    client.post("/logout")
    password(client)
    clock.forward(minutes=11)
    assert client.get("/login/second").location == "/login"
    assert code(client, code_of(secret)) == 303
    assert not signed_in(client)


@pytest.mark.parametrize("end", ["password", "deactivate"])
def test_what_ends_sessions_ends_a_half_done_sign_in(app: Flask, client: Client, staff_id: int, end: str) -> None:
    make_account("other@example.org")
    secret = give_app(staff_id)
    password(client)
    with writing():
        if end == "password":
            services.set_password(staff_id, "$argon2id$other", actor=SYSTEM, now=now())
        else:
            services.deactivate(staff_id, actor=SYSTEM, now=now())
    code(client, code_of(secret))
    assert not signed_in(client)


def test_a_code_is_good_once(app: Flask, client: Client, staff_id: int, clock: SettableClock) -> None:
    secret = give_app(staff_id)
    early, now_shown, late = (code_of(secret, steps) for steps in (-1, 0, 1))
    for typed, expected in [
        (code_of(secret, 2), 422),  # two steps ahead
        (early, 422),  # set_up used that step
        (f"{now_shown[:3]} {now_shown[3:]}", 303),
        (now_shown, 422),
        (late, 303),  # the phone is half a minute ahead
        (now_shown, 422),  # an older one after a newer one
        (late, 422),
    ]:
        other = stranger(app)
        password(other)
        assert code(other, typed) == expected, typed
        limits.forget("second step", f"account:{staff_id}")
    clock.forward(seconds=30)
    password(client)
    assert code(client, late) == 422  # still shown, used before


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("kind", ["app", "recovery code"])
def test_of_many_who_send_the_same_code_at_once_one_gets_in(app: Flask, staff_id: int, kind: str) -> None:
    secret = give_app(staff_id)
    typed = code_of(secret) if kind == "app" else give_codes(staff_id)[0]

    def use(_: int) -> bool:
        with app.app_context():
            from app.staff import recovery_codes

            way = codes_app if kind == "app" else recovery_codes
            with writing():
                used = way.use(staff_id, typed, now=now())
            db.session.remove()
            return used

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(use, range(24))) == [False] * 23 + [True]


def test_a_recovery_code_is_good_once_and_its_owner_hears(app: Flask, client: Client, staff_id: int) -> None:
    give_app(staff_id)
    codes = give_codes(staff_id)
    stored = db.session.scalars(select(StaffRecoveryCode.code_hash)).all()
    assert len(set(stored)) == 10
    assert not any(typed.replace("-", "").encode() in kept for typed in codes for kept in stored)
    password(client)
    assert "Herstelcode" in client.get("/login/second?by=recovery").text
    assert code(client, codes[0].upper().replace("-", " ").replace("0", "O").replace("1", "l")) == 303
    assert signed_in(client)
    assert "9 codes" in client.get("/account/sign-in").text
    assert any("9" in mail and "herstelcode" in mail for mail in subjects_told())
    other = stranger(app)
    password(other)
    assert code(other, codes[0]) == 422
    newer = give_codes(staff_id)
    assert code(other, codes[1]) == 422  # made anew: the old ones end
    assert code(other, newer[0]) == 303


def test_codes_of_one_open_nothing_of_another(app: Flask, client: Client, staff_id: int) -> None:
    give_app(staff_id)
    other = make_account("other@example.org")
    secret = give_app(other)
    codes = give_codes(other)
    password(client)
    assert code(client, code_of(secret)) == 422
    assert code(client, codes[0]) == 422
    # A sealed secret copied to another row does not open.
    theirs = select(StaffApp.secret_sealed).where(StaffApp.staff_id == other).scalar_subquery()
    with writing() as session:
        session.execute(update(StaffApp).where(StaffApp.staff_id == staff_id).values(secret_sealed=theirs))
    with pytest.raises(Exception, match="out of place"), writing():
        codes_app.use(staff_id, code_of(secret), now=now())


def test_guessing_is_slowed_down_and_told(app: Flask, client: Client, staff_id: int, clock: SettableClock) -> None:
    secret = give_app(staff_id)
    answers = []
    for _ in range(7):  # the password anew each time: it clears no count of the second step
        thief = stranger(app)
        password(thief)
        answers.append(code(thief, "000000"))
    assert answers == [422] * 5 + [429] * 2
    assert sum("wachtwoord kent" in mail for mail in subjects_told()) == 1
    password(client)
    assert code(client, code_of(secret)) == 429
    clock.forward(minutes=15)
    limits.forget("sign-in pair", "x", 600)
    password(client)
    assert code(client, code_of(secret)) == 303
    # A browser that was here before has a count of its own.
    client.post("/logout")
    for _ in range(6):
        thief = stranger(app)
        password(thief)
        code(thief, "000000")
    clock.forward(seconds=30)
    password(client)
    assert code(client, code_of(secret)) == 303


def test_what_cannot_be_counted_lets_nobody_in(
    app: Flask, client: Client, staff_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = give_app(staff_id)
    password(client)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with writing() as session:
        session.execute(text("ALTER TABLE rate_count RENAME TO rate_count_away"))
    assert code(client, code_of(secret), check=False) >= 500
    with writing() as session:
        session.execute(text("ALTER TABLE rate_count_away RENAME TO rate_count"))
    assert not signed_in(client)


def test_a_new_password_by_mail_still_asks_the_second_step(app: Flask, client: Client, staff_id: int) -> None:
    secret = give_app(staff_id)
    with writing():
        token = recovery.issue(staff_id, actor=SYSTEM, now=now())
    assert client.post(f"/reset-password/{token}", data={"password": "een heel andere zin"}).status_code == 303
    answer = client.post("/login", data={"email": EMAIL, "password": "een heel andere zin"})
    assert answer.location == "/login/second"
    assert not signed_in(client)
    assert code(client, code_of(secret)) == 303


def test_a_change_asks_once_more_and_the_second_step_too(
    app: Flask, client: Client, staff_id: int, clock: SettableClock
) -> None:
    secret = give_app(staff_id)
    password(client)
    code(client, code_of(secret))
    clock.forward(minutes=11)
    changes = ["/account/sign-in/app/remove", "/account/sign-in/codes", "/account/sign-in/passkeys/1/remove"]
    for change in [*changes, "/account/sign-in/app", "/account/sign-in/passkeys"]:
        assert client.post(change).location == "/account/confirm?next=/account/sign-in", change
    assert client.get("/account/sign-in/app").location == "/account/confirm?next=/account/sign-in/app"
    assert second_step.has(staff_id)
    for data, expected in [
        ({"password": "een verkeerde zin", "code": code_of(secret)}, 422),
        ({"password": SENTENCE}, 422),  # not without the second step itself
        ({"password": SENTENCE, "code": "000000"}, 422),
        ({"password": SENTENCE, "code": code_of(secret)}, 303),
    ]:
        assert client.post("/account/confirm", data=data).status_code == expected, data
    assert client.post("/account/sign-in/app/remove").status_code == 303
    db.session.rollback()
    assert not second_step.has(staff_id)
    assert db.session.scalars(select(StaffRecoveryCode)).all() == []
    client.post("/logout")
    assert password(client) == "/staff"


def test_an_administrator_helps_who_lost_everything(app: Flask, client: Client, staff_id: int) -> None:
    client.sign_in(Role.ADMIN)
    secret = give_app(staff_id)
    give_codes(staff_id)
    owner = stranger(app)
    password(owner)
    code(owner, code_of(secret))
    reset = f"/staff/{staff_id}/second-step/reset"
    assert client.post(reset, data={"reason": " "}).status_code == 422
    assert owner.post(f"/staff/{staff_id}/second-step/reset", data={"reason": "ik zelf"}).status_code == 409
    assert client.post(reset, data={"reason": "Telefoon in de gracht, gebeld"}).status_code == 303
    assert not signed_in(owner)
    assert client.post(reset, data={"reason": "nog eens"}).status_code == 409
    assert any("Telefoon in de gracht" in mail for mail in subjects_told())
    line = trail("staff", staff_id)[0]
    assert (line.action, line.changes) == ("staff.second_step_reset", {"reason": "Telefoon in de gracht, gebeld"})
    assert password(stranger(app)) == "/staff"


def test_the_command_for_the_last_administrator(app: Flask, client: Client, staff_id: int) -> None:
    give_app(staff_id)
    run = app.test_cli_runner().invoke
    assert run(args=["staff", "reset-second-step", "nobody@example.org", "--reason", "x"]).exit_code == 1
    assert run(args=["staff", "reset-second-step", "ANNA@example.org", "--reason", "telefoon weg"]).exit_code == 0
    assert run(args=["staff", "reset-second-step", "ANNA@example.org", "--reason", "telefoon weg"]).exit_code == 1
    assert password(client) == "/staff"


@pytest.fixture
def strict(app: Flask, tmp_path: object, database_url: str) -> Flask:
    app.config["SETTINGS"] = make_settings(
        app.config["SETTINGS"].data_dir, DATABASE_URL=database_url, SECOND_STEP_REQUIRED="finance,admin"
    )
    return app


def test_who_must_have_one_gets_no_further_than_setting_it_up(strict: Flask, client: Client) -> None:
    client.sign_in(Role.FINANCE)
    assert client.get("/cockpit").location == "/account/sign-in"
    assert client.post("/account/password").location == "/account/sign-in"
    assert client.get("/account/sign-in").status_code == 200
    assert client.get("/account/sign-in/app").status_code == 200
    give_app(client.staff_id or 0)  # ends the session: signed in by the password alone
    assert client.get("/cockpit").location.startswith("/login")
    client.sign_in(Role.VIEWER)
    assert client.get("/cockpit").status_code == 200


def test_who_sees_money_is_asked_and_can_put_it_off(app: Flask, client: Client, clock: SettableClock) -> None:
    asked = "Een wachtwoord alleen is een dun slot"
    client.sign_in(Role.FUNDRAISER)
    assert asked not in client.get("/cockpit").text
    client.sign_in(Role.ADMIN)
    assert asked in client.get("/cockpit").text
    assert asked not in client.get("/staff").text
    assert client.post("/account/sign-in/later").status_code == 303
    assert asked not in client.get("/cockpit").text
    clock.forward(days=15)
    admin = client.staff_id or 0
    with client.session_transaction() as session:
        from app.staff import sessions

        with app.app_context(), writing():
            session[sessions.COOKIE_KEY] = sessions.start(admin, address="", browser="", now=now())
    assert asked in client.get("/cockpit").text


def test_steps_are_known_by_the_ways_they_are_done_by() -> None:
    step = sign_in.next_step(0, ("passkey",))
    assert step is None
