"""`flask init` begins a production installation; `flask secrets make` prints what it needs."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
from flask import Flask, current_app, url_for
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app.base.actor import system
from app.base.errors import Invalid, Refused
from app.extensions import db, now, readiness, settings, writing
from app.organisation import checks
from app.organisation import services as organisation
from app.organisation.models import Organisation
from app.staff import invitations
from app.staff import services as staff
from app.staff.models import Staff
from app.ui.permissions import Role

LONGEST = 120  # characters of a name: the shortest of the columns it goes into


def init_app(app: Flask) -> None:
    app.cli.add_command(init)
    app.cli.add_command(secrets)


def _filled(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise Invalid("Fill this in.")
    if len(name) > LONGEST or not name.isprintable():
        raise Invalid(f"Use at most {LONGEST} characters, and no control characters.")
    return name


def _address(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise Invalid(f"This is no e-mail address: {error}") from None


@dataclass(frozen=True)
class Question:
    """What `flask init` wants to know: by option, else asked for."""

    option: str
    label: str
    check: Callable[[str], Any]
    needed: bool = False

    @property
    def name(self) -> str:
        return self.option.removeprefix("--").replace("-", "_")

    def answer(self, given: str | None, asking: bool) -> str | None:
        """The checked answer. An option that is wrong stops; a typed answer is asked for again."""
        if given is not None or not asking:
            return self._checked(given or "", click.ClickException)
        hint = "" if self.needed else " (may be left empty)"
        answer: str | None = click.prompt(
            self.label + hint, default=None if self.needed else "", show_default=False,
            value_proc=lambda text: self._checked(text, click.UsageError),
        )  # fmt: skip
        return answer

    def _checked(self, text: str, wrong: type[click.ClickException]) -> str | None:
        try:
            return str(self.check(text)) if self.needed or text.strip() else None
        except Invalid as error:
            place = f"{self.option}: " if wrong is click.ClickException else ""
            raise wrong(f"{place}{error}") from None


QUESTIONS = (
    Question("--legal-name", "Legal name of the organisation", _filled, needed=True),
    Question("--name", "Name the public knows it by", _filled, needed=True),
    Question(
        "--discreet-name",
        "Name on bank statements and in inboxes, at most 22 characters, which must not tell the cause",
        checks.descriptor,
        needed=True,
    ),
    Question("--rsin", "RSIN", checks.rsin),
    Question("--kvk", "Chamber of Commerce number", checks.kvk),
    Question("--email", "E-mail address for donors", checks.email),
    Question("--admin-name", "Name of the first administrator", _filled, needed=True),
    Question("--admin-email", "E-mail address of the first administrator", _address, needed=True),
)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for question in reversed(QUESTIONS):
        command = click.option(question.option, help=f"{question.label}.")(command)
    return command


@click.command("init")
@_options
@click.option("--anbi", is_flag=True, help="The organisation is an ANBI; needs --rsin.")
@with_appcontext
def init(anbi: bool, **given: str | None) -> None:
    """Begin a production installation: the organisation and an invitation for its first administrator.

    Asks for what is not given; asks nothing when all that is needed is.
    """
    from app.extensions import migrating

    if settings().is_demo:
        raise Refused("flask init begins a production installation: set APP_ENV=production (docs/install.md).")
    with migrating.alone():
        migrating.upgrade()
        readiness.refuse()
        _refuse_again()
        asking = any(given[question.name] is None for question in QUESTIONS if question.needed)
        answers = {question.name: question.answer(given[question.name], asking) for question in QUESTIONS}
        token = _begin(answers, anbi)
    with current_app.test_request_context(base_url=settings().public_url):
        link = url_for("staff.accept_invitation", token=token, _external=True)
    click.echo(
        f"{answers['name']} is set up. Start the server; then {answers['admin_email']} chooses a password at\n\n"
        f"  {link}\n\n"
        f"This link works once, for {invitations.LIFETIME.days} days; flask staff create makes another administrator."
    )


def _refuse_again() -> None:
    begun = db.session.scalar(select(select(Staff.id).exists() | select(Organisation.id).exists()))
    db.session.rollback()
    if begun:
        raise Refused("This installation has begun already: sign in, and invite others there.")


def _begin(answers: dict[str, str | None], anbi: bool) -> str:
    """Organisation and administrator, or neither. The token of the invitation."""
    discreet = answers["discreet_name"] or ""
    details = organisation.Details(
        legal_name=answers["legal_name"] or "",
        name=answers["name"] or "",
        mail_sender_name=discreet,
        mail_subject_name=discreet,
        statement_descriptor=discreet,
        rsin=answers["rsin"],
        kvk=answers["kvk"],
        anbi=anbi,
        email=answers["email"],
    )
    actor = system("flask init")
    with writing():
        organisation.save(details, actor=actor, now=now())
        name, email = answers["admin_name"] or "", answers["admin_email"] or ""
        staff_id = staff.create_account(name, email, Role.ADMIN, actor=actor, now=now())
        return invitations.issue(staff_id, now=now())


secrets = AppGroup("secrets", help="What a production installation needs to keep to itself.")


@secrets.command("make")
def make_secrets() -> None:
    """Print new secrets for the environment. Keep them apart from the backups."""
    click.echo(f"SECRET_KEY={randomness.token_urlsafe(48)}")
    click.echo(f"VAULT_KEYS=k1:{randomness.token_hex(32)}")
