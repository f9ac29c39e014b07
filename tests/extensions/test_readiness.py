"""A process that may not work with its database answers 503 and says why; one that may is not asked again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, text

from app import create_app
from app.base.actor import SYSTEM
from app.extensions import db, migrating, now, readiness, writing
from app.staff import services as staff
from app.ui.permissions import Role
from app.vault import services as vault
from config import Settings, SettingsError
from tests.support.processes import PRODUCTION, environment, flask, free_port, running


def a_demo_account(app: Flask) -> None:
    with writing():
        staff.create_account("Demo", "demo@demo.example", Role.ADMIN, is_demo=True, actor=SYSTEM, now=now())


def of_version(version: str | None) -> Callable[[Flask], None]:
    def change(app: Flask) -> None:
        with writing() as session:
            session.execute(text("DELETE FROM alembic_version"))
            if version:
                session.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": version})

    return change


def sealed_with_other_keys(app: Flask) -> None:
    with writing():
        vault.make_person_keys([1, 2, 3])


WRONG = {
    "demo accounts": (a_demo_account, "Production refuses a database with demo accounts (1)"),
    "newer": (of_version("ffffffffffff"), "The database is newer than this code"),
    "other keys": (sealed_with_other_keys, "VAULT_KEYS: this database was sealed with other keys"),
}


@pytest.fixture(params=WRONG)
def wrong(request: pytest.FixtureRequest, app: Flask) -> str:
    """Makes the database one that must not be used; gives the beginning of the reason."""
    change, reason = WRONG[request.param]
    change(app)
    db.session.remove()
    return reason


@pytest.fixture
def production(wrong: str, app: Flask, tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path, DATABASE_URL=str(app.config["SETTINGS"].database_url), **PRODUCTION)


def test_any_wsgi_server_answers_503_with_the_reason(wrong: str, production: dict[str, str]) -> None:
    other = create_app(Settings.from_environment(production))
    served = other.test_client()
    for _ in range(2):
        response = served.get("/login")
        assert response.status_code == 503
        assert response.text.startswith(wrong)
        assert response.text.count("\n") == 1
        assert response.headers["Retry-After"]
    health = served.get("/healthz")
    assert health.status_code == 503
    assert health.is_json
    with other.app_context():
        db.engine.dispose()


@pytest.mark.complete
@pytest.mark.databases("sqlite")
def test_the_worker_refuses_to_start(wrong: str, production: dict[str, str]) -> None:
    done = flask(production, "worker")
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {wrong}")
    assert done.stderr.count("\n") == 1


@pytest.mark.databases("sqlite")
def test_the_server_refuses_to_start(wrong: str, production: dict[str, str]) -> None:
    done = flask(production | {"PORT": str(free_port())}, "serve")
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {wrong}")
    assert done.stderr.count("\n") == 1


@pytest.mark.databases("sqlite")
def test_a_server_of_another_make_refuses_demo_accounts(app: Flask, tmp_path: Path) -> None:
    a_demo_account(app)
    db.session.remove()
    url = str(app.config["SETTINGS"].database_url)
    port = free_port()
    environ = environment(tmp_path, DATABASE_URL=url, PORT=str(port), **PRODUCTION)
    serve = Path(sys.executable).with_name("waitress-serve")
    with running(environ, str(serve), f"--listen=127.0.0.1:{port}", "--call", "app:create_app") as process:
        process.wait_until_it_answers()
        status, body = process.get("/login")
    assert (status, body.startswith("Production refuses")) == (503, True)
    assert process.said.count("Production refuses") == 1


def test_demo_accounts_are_at_home_in_the_demo(app: Flask) -> None:
    a_demo_account(app)
    assert app.test_client().get("/login").status_code == 200


@pytest.mark.no_tables
def test_a_database_without_tables_is_told_apart(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "heads", lambda: frozenset({"abcdef123456"}))
    with pytest.raises(SettingsError, match="not set up yet: run flask db upgrade"):
        readiness.refuse()
    assert app.test_client().get("/login").status_code == 503
    assert app.test_cli_runner().invoke(args=["db", "current"]).exit_code == 0


def test_it_is_asked_once_and_again_only_while_it_is_wrong(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app.test_client()
    demands: list[str | None] = ["not yet", "not yet", None]
    asked: list[str | None] = []

    def demand(connection: object) -> str | None:
        asked.append(demands[len(asked)])
        return asked[-1]

    readiness.demand(app, demand)
    assert [client.get("/login").status_code for _ in range(3)] == [503, 503, 503]
    assert asked == ["not yet"]
    monkeypatch.setattr(readiness, "AGAIN", 0.0)
    monkeypatch.setattr(readiness.time, "monotonic", lambda: float("inf"))
    assert [client.get("/login").status_code for _ in range(4)] == [503, 200, 200, 200]
    assert len(asked) == 3


def test_from_then_on_it_costs_no_statement(app: Flask) -> None:
    client = app.test_client()
    client.get("/login")
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    client.get("/login")
    assert not [line for line in statements if "alembic_version" in line or "is_demo" in line]
