"""`flask openings …`: take opening balances and live mandates in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from app.base.actor import system
from app.base.errors import DomainError
from app.base.money import Money
from app.extensions import db, now, settings, writing
from app.finance.openings import balances, reading, services, taking
from app.finance.openings.models import Opening, OpeningKind
from app.finance.openings.sheet import Problem
from app.sheets.amounts import cents_of
from app.ui.messages import translated

group = AppGroup("openings", help="Take in what stood elsewhere: balances and live mandates.")
ACTOR = system("flask openings take")


@group.command("take")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--kind", type=click.Choice([each.value for each in OpeningKind]), required=True)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Balances: the day on which they are booked.")
@click.option("--control", required=True, help="What debit, or the amounts of the mandates, must come to: 1.234,56.")
@click.option("--count", type=int, help="Mandates: how many there must be.")
@click.option("--told", is_flag=True, help="Mandates: donors were told of amount and schedule already.")
@click.option("--dry-run", is_flag=True, help="Only say what the file says.")
def take(
    file: Path, kind: str, on: datetime | None, control: str, count: int | None, told: bool, dry_run: bool
) -> None:
    """Take a sheet with the headings of the template in, all of it or nothing."""
    with force_locale(settings().default_language):
        try:
            _take(file, OpeningKind(kind), on, cents_of(control), count, told, dry_run)
        except ValueError:
            raise click.ClickException(_("“%(text)s” is not an amount.", text=control)) from None
        except DomainError as error:
            raise click.ClickException(f"{file.name}: {translated(error)}") from None


def _take(
    file: Path, kind: OpeningKind, on: datetime | None, control: int, count: int | None, told: bool, dry_run: bool
) -> None:
    stored = reading.keep(kind, file.read_bytes(), file.name)
    with writing():
        opening_id = services.begin(kind, stored, actor=ACTOR, now=now())
        services.choose(
            opening_id, control_cents=control, control_count=count, on=on.date() if on else None, told=told, version=1,
            now=now(),
        )  # fmt: skip
    said = reading.read(db.session.get_one(Opening, opening_id))
    for problem in said.problems:
        click.echo(_problem(file, kind, problem), err=True)
    is_balances = isinstance(said, balances.Reading)
    cents = said.debit_cents if isinstance(said, balances.Reading) else said.cents
    click.echo(ngettext("%(num)d row, %(total)s", "%(num)d rows, %(total)s", said.rows, total=Money(cents)))
    db.session.rollback()
    try:
        if dry_run:
            services.check(db.session.get_one(Opening, opening_id), said)
            return
        with writing():
            if isinstance(said, balances.Reading):
                services.enter_balances(opening_id, said, version=2, actor=ACTOR, now=now())
            else:
                services.begin_entering(opening_id, said, version=2, actor=ACTOR, now=now())
    finally:
        _throw_away(opening_id)
    if not is_balances:
        taking.take(opening_id, actor=ACTOR)
    click.echo(_("Taken in."))


def _throw_away(opening_id: int) -> None:
    """What was only read is not left behind."""
    with writing():
        row = services.locked(opening_id)
        if row.state not in services.COUNTS:
            services.undone(row, actor=ACTOR, now=now())


def _problem(file: Path, kind: OpeningKind, problem: Problem) -> str:
    names = {each.name: each.dutch if settings().default_language == "nl" else each.english
             for each in reading.HEADINGS[kind]}  # fmt: skip
    said = _(problem.message, **problem.params)
    return _(
        "%(file)s, row %(row)s, %(field)s: %(said)s", file=file.name, row=problem.row,
        field=names.get(problem.field, ""), said=said,
    )  # fmt: skip
