"""`flask books …`: prove what was closed, write an auditfile."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale
from sqlalchemy import select

from app.base.dates import local_date
from app.base.errors import DomainError
from app.extensions import db, now, settings
from app.finance.books import closing
from app.finance.books.models import Layout, PeriodClosing
from app.finance.books.postings import Range
from app.finance.books.writing import write
from app.finance.commands import moved_into_place
from app.finance.periods import fiscal_year
from app.organisation.queries import profile
from app.ui.messages import translated

group = AppGroup("books", help="Closed months: prove them, write them for the auditor.")


@group.command("verify")
def verify() -> None:
    """Make the file of every closed month again and compare it with the one of its closing."""
    standing = select(PeriodClosing).where(PeriodClosing.reopened_at.is_(None)).order_by(PeriodClosing.month)
    rows = list(db.session.execute(standing).scalars())
    wrong = 0
    for row in rows:
        name = f"{row.month:%Y-%m}"
        if row.sha256 is None:
            click.echo(f"{name}  not made yet (the worker makes it)")
        elif closing.differs(row):
            wrong += 1
            click.echo(f"{name}  DIFFERS from its closing")
        else:
            click.echo(f"{name}  ok")
    click.echo(f"{len(rows)} closed months, {wrong} differ.")
    if wrong:
        raise SystemExit(1)


@group.command("auditfile")
@click.option("--year", type=click.IntRange(2000, 2099), required=True, help="Fiscal year, by the year it begins in.")
@click.option("--version", "chosen", type=click.Choice(["3.2", "4.0"]), default="4.0", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def auditfile(year: int, chosen: str, output: Path) -> None:
    """Write all entries of a fiscal year as XAF."""
    wanted = Range(fiscal_year(year, profile().fiscal_year_start).period)
    try:
        with moved_into_place(output) as file:
            control = write(file, Layout(f"xaf-{chosen}"), wanted, made_on=local_date(now()))
    except DomainError as error:
        with force_locale(settings().default_language):
            raise click.ClickException(translated(error)) from None
    click.echo(f"{control.entries} entries, {control.lines} lines, debit {control.debit_cents} cents: {output}")
