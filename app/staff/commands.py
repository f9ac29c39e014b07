"""`flask staff`: accounts from the command line, for the first administrator and for emergencies."""

from __future__ import annotations

import click
from flask import current_app, url_for
from flask.cli import AppGroup
from sqlalchemy import select

from app.base.actor import Actor, system
from app.base.errors import DomainError
from app.extensions import db, now, settings, writing
from app.staff import invitations, passwords, recovery, second_step, services
from app.staff.models import Staff, email_key
from app.ui.permissions import Role

group = AppGroup("staff", help="Accounts of the people who work here.")
ROLES = click.Choice([role.value for role in Role])


def _actor() -> Actor:
    return system("command line")


@group.command("create")
@click.option("--name", prompt=True)
@click.option("--email", prompt=True)
@click.option("--role", type=ROLES, default=Role.ADMIN.value, show_default=True)
@click.password_option()
def create(name: str, email: str, role: str, password: str) -> None:
    """Make an account with a password, without an invitation."""
    try:
        passwords.check_rules(password, name, email)
        password_hash = passwords.hashed(password)
        with writing():
            services.create_account(
                name, _address(email), Role(role), password_hash=password_hash, actor=_actor(), now=now()
            )
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{email} can sign in as {role}.")


@group.command("invite")
@click.option("--name", required=True)
@click.option("--email", required=True)
@click.option("--role", type=ROLES, required=True)
@click.option("--language", type=click.Choice(["nl", "en"]), default="nl", show_default=True)
def invite(name: str, email: str, role: str, language: str) -> None:
    """Mail somebody a link to choose a password with; the worker sends it."""
    try:
        with writing():
            invitations.invite(name, _address(email), Role(role), language=language, actor=_actor(), now=now())
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The invitation for {email} is queued.")


@group.command("reset-password")
@click.argument("email")
def reset_password(email: str) -> None:
    """Print a link, good for fifteen minutes, with which this person sets a new password."""
    staff_id = db.session.scalar(
        select(Staff.id).where(Staff.email_key == email_key(email), Staff.active, Staff.password_hash.is_not(None))
    )
    if staff_id is None:
        raise click.ClickException(f"There is no open account with the address {email}.")
    with writing():
        token = recovery.issue(staff_id, actor=_actor(), now=now())
    with current_app.test_request_context(base_url=settings().public_url):
        click.echo(url_for("staff.reset_password", token=token, _external=True))


@group.command("reset-second-step")
@click.argument("email")
@click.option("--reason", prompt=True, help="Kept in the audit trail, and told to this person.")
def reset_second_step(email: str, reason: str) -> None:
    """Take the app, passkeys and recovery codes of somebody away who lost them all; every session of theirs ends."""
    staff_id = db.session.scalar(select(Staff.id).where(Staff.email_key == email_key(email)))
    if staff_id is None:
        raise click.ClickException(f"There is no account with the address {email}.")
    try:
        with writing():
            second_step.reset(staff_id, reason, actor=_actor(), now=now())
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{email} signs in with the password alone now, and can set up a new second step.")


def _address(email: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(email, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise click.ClickException(f"{email}: {error}") from None
