from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import text

from app.audit.queries import trail
from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.jobs.services import run_due
from app.staff import invitations, recovery, services
from app.staff.models import Staff, Standing
from app.ui.permissions import Role
from tests.conftest import SettableClock
from tests.support.accounts import SENTENCE, make_account
from tests.support.client import Client
from tests.support.jobs import only_of
from tests.support.mails import links_mailed, mails

NEW = "een heel andere zin"


@pytest.fixture(autouse=True)
def _mail_alone(app: Flask) -> None:
    only_of("outbox")


def reset_link(app: Flask, client: Client, email: str = "anna@example.org") -> str:
    assert client.post("/forgot-password", data={"email": email}).status_code == 303
    run_due()
    return links_mailed("/reset-password/")[-1]


def invite(email: str = "bea@example.org") -> tuple[int, str]:
    with writing():
        staff_id = invitations.invite("Bea", email, Role.FINANCE, actor=SYSTEM, now=now())
    run_due()
    return staff_id, links_mailed("/invitation/")[-1]


def can_sign_in(app: Flask, email: str, password: str) -> bool:
    client = app.test_client()
    return client.post("/login", data={"email": email, "password": password}).status_code == 303


def test_a_forgotten_password(app: Flask, client: Client) -> None:
    staff_id = make_account()
    elsewhere = app.test_client()
    elsewhere.post("/login", data={"email": "anna@example.org", "password": SENTENCE})
    assert elsewhere.get("/account").status_code == 200
    link = reset_link(app, client, "ANNA@example.org")
    page = client.get(link)
    assert page.status_code == 200
    assert client.post(link, data={"password": NEW}).status_code == 303
    assert can_sign_in(app, "anna@example.org", NEW)
    assert not can_sign_in(app, "anna@example.org", SENTENCE)
    assert elsewhere.get("/account").status_code != 200  # sessions of before have ended
    assert client.get(link).status_code == 404
    assert client.post(link, data={"password": NEW}).status_code == 404
    actions = [line.action for line in trail("staff", staff_id, limit=10)]
    assert "staff.password_changed" in actions
    assert "staff.reset_asked" in actions


@pytest.mark.parametrize("email", ["anna@example.org", "nobody@example.org", "closed@example.org", "bea@example.org"])
def test_asking_looks_the_same_for_everybody(app: Flask, client: Client, email: str) -> None:
    make_account()
    closed = make_account("closed@example.org")
    make_account("bea@example.org", password=None)
    with writing():
        services.deactivate(closed, actor=SYSTEM, now=now())
    answer = client.post("/forgot-password", data={"email": email})
    assert (answer.status_code, answer.location) == (303, "/forgot-password/sent")
    assert email not in client.get(answer.location).text
    # The same single job is queued, and its payload does not say for whom.
    jobs = db.session.execute(text("SELECT payload FROM job WHERE name = 'staff.send_reset'")).scalars().all()
    assert len(jobs) == 1
    assert "example.org" not in jobs[0]
    db.session.rollback()
    run_due()
    assert len(mails()) == (1 if email == "anna@example.org" else 0)


def test_asking_often_is_refused_alike_for_known_and_unknown(app: Flask, client: Client) -> None:
    make_account()
    for email in ("anna@example.org", "nobody@example.org"):
        codes = [client.post("/forgot-password", data={"email": email}).status_code for _ in range(7)]
        assert codes == [303] * 5 + [429] * 2


def test_a_link_ends_after_a_quarter_of_an_hour(app: Flask, client: Client, clock: SettableClock) -> None:
    make_account()
    link = reset_link(app, client)
    clock.forward(minutes=14)
    assert client.get(link).status_code == 200
    clock.forward(minutes=1)
    assert client.get(link).status_code == 404
    assert client.post(link, data={"password": NEW}).status_code == 404
    assert can_sign_in(app, "anna@example.org", SENTENCE)


def test_a_new_link_ends_the_one_before(app: Flask, client: Client, clock: SettableClock) -> None:
    make_account()
    first = reset_link(app, client)
    clock.forward(minutes=1)
    second = reset_link(app, client)
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200


def test_looking_at_a_link_never_uses_it_up(app: Flask, client: Client) -> None:
    """Mail scanners open links before people do."""
    make_account()
    _, invitation = invite()
    for link in (reset_link(app, client), invitation):
        for _ in range(3):
            scanner = app.test_client()
            assert scanner.head(link).status_code == 200
            assert scanner.get(link).status_code == 200
            assert scanner.options(link).status_code == 200
        assert client.get(link).status_code == 200


def test_a_refused_password_does_not_use_the_link_up(app: Flask, client: Client) -> None:
    make_account()
    link = reset_link(app, client)
    for password in ("", "te-kort!", "Anna Bos 2026", "x" * 201):
        answer = client.post(link, data={"password": password})
        assert answer.status_code == 422
        assert not password or password not in answer.text
    assert client.post(link, data={"password": NEW}).status_code == 303


def test_of_a_hundred_posts_at_once_one_succeeds(app: Flask, client: Client) -> None:
    make_account()
    _, invitation = invite()
    for link, data in ((reset_link(app, client), {"password": NEW}), (invitation, {"name": "Bea", "password": NEW})):

        def post(_: int, link: str = link, data: dict[str, str] = data) -> int:
            other = app.test_client()
            return other.post(link, data=data, check=False).status_code

        with ThreadPoolExecutor(20) as pool:
            codes = sorted(pool.map(post, range(100)))
        assert codes == [303] + [404] * 99


def test_an_invitation(app: Flask, client: Client) -> None:
    staff_id, link = invite()
    page = client.get(link)
    assert "bea@example.org" in page.text
    assert client.post(link, data={"name": "", "password": NEW}).status_code == 422
    assert client.post(link, data={"name": "Bea de Wit", "password": "Bea de Wit 1"}).status_code == 422
    assert client.post(link, data={"name": "Bea de Wit", "password": NEW}).status_code == 303
    staff = db.session.get(Staff, staff_id)
    assert staff is not None
    assert (staff.name, staff.role, staff.standing) == ("Bea de Wit", Role.FINANCE, Standing.ACTIVE)
    assert can_sign_in(app, "bea@example.org", NEW)
    assert client.get(link).status_code == 404


def test_an_invitation_ends_after_a_week(app: Flask, client: Client, clock: SettableClock) -> None:
    _, link = invite()
    clock.forward(days=6, hours=23)
    assert client.get(link).status_code == 200
    clock.forward(hours=1)
    assert client.get(link).status_code == 404


def test_an_invitation_sent_again_or_withdrawn(app: Flask, client: Client, clock: SettableClock) -> None:
    staff_id, first = invite()
    clock.forward(minutes=1)
    with writing():
        invitations.resend(staff_id, actor=SYSTEM, now=now())
    run_due()
    second = links_mailed("/invitation/")[-1]
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    with writing():
        invitations.withdraw(staff_id, actor=SYSTEM, now=now())
    assert client.get(second).status_code == 404
    assert client.post(second, data={"name": "Bea", "password": NEW}).status_code == 404


def test_links_of_one_kind_open_nothing_of_another(app: Flask, client: Client) -> None:
    make_account()
    _, invitation = invite()
    reset = reset_link(app, client)
    assert client.get(invitation.replace("/invitation/", "/reset-password/")).status_code == 404
    assert client.get(reset.replace("/reset-password/", "/invitation/")).status_code == 404


def test_a_reset_helps_somebody_whom_guessing_slowed_down(app: Flask, client: Client) -> None:
    make_account()
    for number in range(9):
        elsewhere = app.test_client()
        elsewhere.post(
            "/login",
            data={"email": "anna@example.org", "password": "x"},
            environ_overrides={"REMOTE_ADDR": f"203.0.113.{number}"},
        )
    assert not can_sign_in(app, "anna@example.org", SENTENCE)
    client.post(reset_link(app, client), data={"password": NEW})
    # Guessing goes on from elsewhere, and this browser gets in all the same.
    for number in range(9):
        elsewhere = app.test_client()
        elsewhere.post(
            "/login",
            data={"email": "anna@example.org", "password": "x"},
            environ_overrides={"REMOTE_ADDR": f"203.0.113.{number}"},
        )
    assert client.post("/login", data={"email": "anna@example.org", "password": NEW}).status_code == 303


def test_somebody_closed_meanwhile_cannot_use_the_link(app: Flask, client: Client) -> None:
    staff_id = make_account()
    make_account("second@example.org")
    link = reset_link(app, client)
    with writing():
        services.deactivate(staff_id, actor=SYSTEM, now=now())
    assert client.get(link).status_code == 404
    assert client.post(link, data={"password": NEW}).status_code == 404
    assert recovery.LIFETIME.total_seconds() <= 900
