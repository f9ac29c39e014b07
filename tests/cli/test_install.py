"""`flask init` begins an installation once, by options or by answers, and hands out an invitation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from app.extensions import db, now, writing
from app.organisation import queries as organisation
from app.organisation.models import Organisation
from app.staff import invitations, passwords
from app.staff.models import Staff, Standing
from app.ui.permissions import Role
from tests.support.client import Client
from tests.support.processes import PRODUCTION, environment, flask

GIVEN = {
    "--legal-name": "Stichting Voorbeeld",
    "--name": "Voorbeeld",
    "--discreet-name": "St. Vrb Steun",
    "--rsin": "123456782",
    "--kvk": "12345678",
    "--email": "post@voorbeeld.example.org",
    "--admin-name": "Anna Bos",
    "--admin-email": "Anna@example.org",
}


def words(**changed: str | None) -> list[str]:
    """The options of a whole command, with some changed or (None) left out."""
    given = GIVEN | {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    return ["init", *(word for name, value in given.items() if value is not None for word in (name, value))]


def run(app: Flask, *options: str, typed: str = "") -> Result:
    result = app.test_cli_runner().invoke(args=list(options), input=typed)
    db.session.rollback()
    return result


def link(said: str) -> str:
    found = re.search(r"https?://\S+(/invitation/\S+)", said)
    assert found, said
    return found[1]


def nothing_there() -> bool:
    return not db.session.scalar(select(func.count()).select_from(Staff)) and not db.session.scalar(
        select(func.count()).select_from(Organisation)
    )


def test_it_begins_and_the_administrator_can_sign_in(app: Flask, client: Client) -> None:
    result = run(app, *words(), "--anbi")
    assert result.exit_code == 0, result.output
    profile = organisation.profile()
    assert (profile.legal_name, profile.name, profile.rsin) == ("Stichting Voorbeeld", "Voorbeeld", "123456782")
    assert db.session.scalars(select(Organisation.anbi)).one()
    admin = db.session.scalars(select(Staff)).one()
    assert (admin.role, admin.standing, admin.is_demo) == (Role.ADMIN, Standing.INVITED, False)

    invitation = link(result.output)
    assert client.get(invitation).status_code == 200
    password = "een zin van genoeg woorden"  # noqa: S105
    with writing():
        invitations.accept(invitation.rpartition("/")[2], "Anna Bos", passwords.hashed(password), now=now())
    response = client.post("/login", data={"email": "anna@example.org", "password": password})
    assert response.status_code == 303


def test_a_second_time_is_refused_and_changes_nothing(app: Flask) -> None:
    assert run(app, *words()).exit_code == 0
    again = run(app, *words(name="Anders", admin_email="ander@example.org"))
    assert again.exit_code == 1
    assert "begun already" in again.output
    assert organisation.profile().name == "Voorbeeld"
    assert db.session.scalar(select(func.count()).select_from(Staff)) == 1


@pytest.mark.databases("sqlite")
def test_it_asks_for_what_is_not_given_until_it_is_right(app: Flask) -> None:
    answers = [
        "",
        "Stichting Vraag",
        "Vraag",
        "Steun",
        "123",
        "123456782",
        "",
        "",
        "Anna",
        "geen adres",
        "a@example.org",
    ]
    result = run(app, "init", typed="\n".join([*answers, ""]))
    assert result.exit_code == 0, result.output
    assert "9 digits" in result.output
    assert organisation.profile().rsin == "123456782"
    assert db.session.scalars(select(Staff.email)).one() == "a@example.org"


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("changed", "about"),
    [
        ({"rsin": "123456789"}, "--rsin"),
        ({"admin_email": "geen adres"}, "--admin-email"),
        ({"email": "geen adres"}, "--email"),
        ({"discreet_name": "x" * 23}, "--discreet-name"),
        ({"legal_name": " "}, "--legal-name"),
        ({"name": "x" * 500}, "--name"),
        ({"admin_name": "a\x1bb"}, "--admin-name"),
    ],
)
def test_a_wrong_option_is_refused_in_one_line_and_keeps_nothing(
    app: Flask, changed: dict[str, str | None], about: str
) -> None:
    result = run(app, *words(**changed))
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {about}: ")
    assert len(result.output.splitlines()) == 1
    assert nothing_there()


@pytest.mark.databases("sqlite")
def test_an_anbi_needs_its_rsin_and_nothing_is_half_written(app: Flask) -> None:
    result = run(app, *words(rsin=None), "--anbi")
    assert result.exit_code == 1
    assert "RSIN" in result.output
    assert nothing_there()


def test_production_begins_by_command(database_url: str, tmp_path: Path) -> None:
    environ = environment(tmp_path, DATABASE_URL=database_url, **PRODUCTION)
    first = flask(environ, *words())
    assert (first.returncode, first.stderr) == (0, "")
    assert f"{PRODUCTION['BASE_URL']}/invitation/" in first.stdout
    again = flask(environ, *words())
    assert again.returncode == 1
    assert again.stderr == "Error: This installation has begun already: sign in, and invite others there.\n"


@pytest.mark.databases("sqlite")
def test_a_demo_is_not_begun(database_url: str, tmp_path: Path) -> None:
    done = flask(environment(tmp_path, DATABASE_URL=database_url), *words())
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "APP_ENV=production" in done.stderr
