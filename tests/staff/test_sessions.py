from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from app.base.actor import SYSTEM
from app.extensions import now, writing
from app.staff import passwords, services
from app.ui.permissions import Role
from tests.conftest import SettableClock
from tests.support.client import Client

LONG = "een lange zin, toch"


def make(email: str = "Anna@Example.org", role: Role = Role.ADMIN, password: str = LONG) -> int:
    with writing():
        return services.create_account(
            "Anna", email, role, password_hash=passwords.hashed(password), actor=SYSTEM, now=now()
        )


def test_signing_in_by_password(app: Flask, client: Client) -> None:
    make()
    answer = client.post("/login", data={"email": "anna@example.ORG", "password": LONG})
    assert (answer.status_code, answer.location) == (303, "/cockpit")
    assert client.get("/login").status_code == 303


def test_a_session_ends_when_idle_and_after_its_hours(
    app: Flask, client: Client, clock: SettableClock, sign_in: Callable[[Role], Client]
) -> None:
    sign_in(Role.VIEWER)
    for _ in range(14):  # 11.7 hours, never idle for long
        clock.forward(minutes=50)
        assert client.get("/login").status_code == 303
    clock.forward(minutes=50)
    assert client.get("/login").status_code == 200
    sign_in(Role.VIEWER)
    clock.forward(minutes=61)
    assert client.get("/login").status_code == 200
