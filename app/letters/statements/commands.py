"""`flask statements …`"""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from app.base.actor import system
from app.extensions import db, now, writing
from app.letters.statements import keeping, runs
from app.letters.statements.models import RunState

group = AppGroup("statements", help="Annual statements of gifts.")
ACTOR = system("statements")


@group.command("make")
@click.option("--year", type=click.IntRange(1990, 2200), required=True, help="The calendar year.")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Folder for the PDFs.")
@click.option("--copies", is_flag=True, help="Also for who has the same statement already, marked as a copy.")
def make(year: int, folder: Path | None, copies: bool) -> None:
    """Make the annual statement of every donor of a year; started again it goes on where it stopped."""
    run_id = runs.open_run(year)
    with writing():
        if run_id is None:
            run_id = runs.begin(year, copies=copies, actor=ACTOR, now=now())
        elif runs.find(run_id).state is RunState.STOPPED:
            runs.go_on(run_id, actor=ACTOR, now=now())
    done = _done(run_id)
    with click.progressbar(length=max(runs.find(run_id).expected, done), label=f"{year}") as bar:
        bar.update(done)
        while runs.advance(run_id):
            before, done = done, _done(run_id)
            bar.update(done - before)
    counted = runs.counted([run_id])[run_id]
    db.session.rollback()
    click.echo(f"{counted.made} statements made, {counted.skipped} skipped, {counted.failed} failed.")
    if folder is not None:
        click.echo(f"{keeping.write_out(run_id, folder)} written to {folder}.")


def _done(run_id: int) -> int:
    done = runs.counted([run_id])[run_id].done
    db.session.rollback()
    return done
