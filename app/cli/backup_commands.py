"""`flask backup make | check | restore`."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from app.base.errors import Refused
from app.cli import backups
from app.extensions import now
from app.ledger import checks
from app.privacy import erasing

group = AppGroup("backup", help="Copies of database and stored files, and their way back.")


def init_app(app: Flask) -> None:
    app.cli.add_command(group)


@group.command("make")
def make() -> None:
    """Write a backup to BACKUP_DIR; donors can go on giving meanwhile."""
    path = backups.make(now())
    click.echo(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")


@group.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Verify a backup's checksums without restoring it."""
    with backups.opened(file) as (_, manifest):
        click.echo(f"Whole: made {manifest['made_at']}, {len(manifest['sha256'])} files.")


@group.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a database that is in use.")
def restore(file: Path, force: bool) -> None:
    """Put a backup back, migrate it to this version and prove that its books are whole."""
    from app.extensions import migrating

    backups.restore(file, force=force)
    migrating.upgrade()
    problems = [problem for outcome in checks.run() for problem in outcome.problems]
    if problems:
        raise Refused(f"Restored, but the books are not whole: {problems[0]}")
    click.echo("Restored; the database is consistent and its books are whole.")
    if again := erasing.replay():
        click.echo(f"Erased again, as they were after this backup: {again}.")
