"""The append-only trail of who changed what, sealed in a chain of hashes."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup


def init_app(app: Flask) -> None:
    from app.audit import chain, models

    assert models
    group = AppGroup("audit", help="The trail of who changed what.")

    @group.command("verify")
    def verify() -> None:
        """Check the chain of hashes; exit 1 if anything was changed, removed or put in another order."""
        chain.seal_fresh()
        faults = list(chain.verify())
        for fault in faults:
            click.echo(fault, err=True)
        if faults:
            raise SystemExit(1)
        click.echo("The audit trail is whole.")

    app.cli.add_command(group)
