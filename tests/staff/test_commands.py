from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask

from app.jobs.services import run_due
from app.ui.permissions import Role
from tests.support.accounts import SENTENCE, make_account
from tests.support.client import Client
from tests.support.mails import links_mailed


def run(app: Flask, *args: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["staff", *args])
    return result.exit_code, result.output


def test_making_an_account(app: Flask, client: Client) -> None:
    given = ("create", "--name", "Anna Bos", "--email", "anna@example.org", "--role", "finance", "--password", SENTENCE)
    assert run(app, *given)[0] == 0
    assert client.post("/login", data={"email": "anna@example.org", "password": SENTENCE}).status_code == 303
    code, said = run(app, *given)
    assert code == 1
    assert "already" in said
    assert run(app, *given[:-1], "kort")[0] == 1
    assert run(app, *given[:4], "geen adres", *given[5:])[0] == 1
    assert run(app, *given[:6], "emperor", *given[7:])[0] == 2


def test_inviting(app: Flask, client: Client) -> None:
    assert run(app, "invite", "--name", "Bea", "--email", "bea@example.org", "--role", "viewer")[0] == 0
    run_due()
    assert client.get(links_mailed("/invitation/")[0]).status_code == 200


def test_a_link_for_a_new_password(app: Flask, client: Client) -> None:
    make_account("anna@example.org", Role.ADMIN)
    code, said = run(app, "reset-password", "ANNA@example.org")
    assert code == 0
    assert client.get(urlsplit(said.strip()).path).status_code == 200
    assert run(app, "reset-password", "nobody@example.org")[0] == 1
