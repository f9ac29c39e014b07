"""Encryption at rest, blind indexes for exact search, and the keys, one per person for what erasure must destroy."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from app.extensions import readiness, settings


def init_app(app: Flask) -> None:
    from app.vault import keys, models, rotation, services

    assert models
    with app.app_context():
        keys.keyring(settings().vault_keys)
    readiness.demand(app, services.wrong_keys)

    group = AppGroup("vault", help="Keys for what is encrypted at rest.")

    @group.command("rotate")
    def rotate() -> None:
        """Seal everything anew under the first key of VAULT_KEYS; can be stopped and resumed."""
        for sealed in rotation.sealed_columns():
            click.echo(f"{sealed.table}.{sealed.column}: {rotation.rotate(sealed)} sealed anew")
        for name, reseal in rotation.sealed_stores().items():
            click.echo(f"{name}: {reseal()} sealed anew")

    app.cli.add_command(group)
