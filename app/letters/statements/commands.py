"""`flask statements …`"""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from app.base.actor import system
from app.letters.statements import making

group = AppGroup("statements", help="Annual statements of gifts.")


@group.command("make")
@click.option("--year", type=click.IntRange(1990, 2200), required=True, help="The calendar year.")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder.")
def make(year: int, folder: Path) -> None:
    """Write the annual statement of every donor of a year as PDF; started again it goes on where it stopped."""
    with click.progressbar(length=making.count(year), label=f"{year}") as bar:
        new = making.make_year(year, folder, actor=system("statements"), progress=bar.update)
    click.echo(f"{new} statements written to {folder}.")
