"""`flask init` begins a production installation; `flask secrets make` prints what it needs."""

from __future__ import annotations

import secrets as randomness

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import func, select

from app.base.actor import system
from app.base.errors import Refused
from app.extensions import db, now, writing
from app.organisation import services as organisation
from app.staff import passwords
from app.staff import services as staff
from app.staff.models import Staff
from app.ui.permissions import Role


def init_app(app: Flask) -> None:
    app.cli.add_command(init)
    app.cli.add_command(secrets)


@click.command("init")
@with_appcontext
@click.option("--legal-name", prompt="Legal name of the organisation")
@click.option("--name", prompt="Name the public knows it by")
@click.option("--discreet-name", prompt="Name for inboxes and bank statements, which must not tell the cause")
@click.option("--rsin", default="", prompt="RSIN (may be left empty)")
@click.option("--admin-name", prompt="Name of the first administrator")
@click.option("--admin-email", prompt="E-mail address of the first administrator")
@click.option("--password", prompt="Password for the administrator", hide_input=True, confirmation_prompt=True)
def init(
    legal_name: str, name: str, discreet_name: str, rsin: str, admin_name: str, admin_email: str, password: str
) -> None:
    """Begin a production installation: the organisation and its first administrator."""
    from app.extensions import migrating

    migrating.upgrade()
    passwords.check_rules(password, admin_name, admin_email, name)
    password_hash = passwords.hashed(password)
    details = organisation.Details(
        legal_name=legal_name,
        name=name,
        mail_sender_name=discreet_name,
        mail_subject_name=discreet_name,
        statement_descriptor=discreet_name[:22],
        rsin=rsin or None,
    )
    actor = system("flask init")
    with writing():
        if db.session.execute(select(func.count()).select_from(Staff)).scalar():
            raise Refused("This installation has begun already: sign in, and invite others there.")
        organisation.save(details, actor=actor, now=now())
        staff.create_account(
            admin_name, admin_email, Role.ADMIN, password_hash=password_hash, actor=actor, now=now()
        )  # fmt: skip
    click.echo(f"Done. Start the server, and sign in as {admin_email}.")


secrets = AppGroup("secrets", help="What a production installation needs to keep to itself.")


@secrets.command("make")
def make_secrets() -> None:
    """Print new secrets for the environment. Keep them apart from the backups."""
    click.echo(f"SECRET_KEY={randomness.token_urlsafe(48)}")
    click.echo(f"VAULT_KEYS=k1:{randomness.token_hex(32)}")
