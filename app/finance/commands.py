"""`flask export …`: the same files as the exports page makes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from app.base.actor import system
from app.base.dates import local_date
from app.base.errors import DomainError
from app.extensions import now, settings
from app.finance.exports.files import SHEETS, Format, make
from app.finance.exports.sheet import Wanted
from app.finance.periods import read_period

group = AppGroup("export", help="Write gifts, journal or grants to a file.")


@contextmanager
def moved_into_place(output: Path) -> Iterator[IO[bytes]]:
    """A file of a command, written beside its target and moved there when whole: nobody finds half a file.
    Raises click's error with one line where it cannot be written."""
    draft = output.with_name(output.name + ".part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(output)
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def _command(kind: str, described: str) -> click.Command:
    @click.command(kind, help=described)
    @click.option("--from", "start", help="First day, 2026-01-01 (default: of this year).")
    @click.option("--to", "end", help="Last day, included (default: of the same year).")
    @click.option("--format", "chosen", type=click.Choice([f.value for f in Format]), default="csv", show_default=True)
    @click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
    @click.option("--without-names", is_flag=True, help="Leave out the columns that tell who gave.")
    def write(start: str | None, end: str | None, chosen: str, output: Path, without_names: bool) -> None:
        language = settings().default_language
        with force_locale(language):
            try:
                period = read_period(start, end, today=local_date(now()))
            except DomainError as error:
                raise click.ClickException(str(error)) from None
            wanted = Wanted(period, not without_names, language)
            made = make(kind, wanted, Format(chosen), actor=system("flask export"), now=now())
        with made.file, moved_into_place(output) as target:
            shutil.copyfileobj(made.file, target, 1 << 20)
        click.echo(f"{made.rows} rows, sha256 {made.sha256}: {output}")

    return write


for _kind, _described in {
    "gifts": "Gifts whose money came in, by gift date.",
    "journal": "Journal lines, by booking date.",
    "grants": "Grants and their instalments.",
}.items():
    if _kind in SHEETS:
        group.add_command(_command(_kind, _described))
