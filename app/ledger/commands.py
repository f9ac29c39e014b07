"""`flask ledger …`"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.extensions import writing
from app.ledger import checks, sums

group = AppGroup("ledger", help="The books: prove them, fold their sums.")


@group.command("check")
def check() -> None:
    """Prove that the books are whole; exits with 1 where they are not."""
    outcomes = checks.run()
    width = max(len(outcome.name) for outcome in outcomes)
    for outcome in outcomes:
        click.echo(f"{outcome.name:<{width}}  {'FAILED' if outcome.problems else 'ok'}")
        for problem in outcome.problems:
            click.echo(f"    {problem}")
        if outcome.more:
            click.echo("    …and more")
    failed = sum(1 for outcome in outcomes if outcome.problems)
    click.echo(f"{len(outcomes) - failed} of {len(outcomes)} checks hold.")
    if failed:
        raise SystemExit(1)


@group.command("fold")
def fold() -> None:
    """Fold fresh postings into the sums now (the worker does it every minute)."""
    count = 0
    while True:
        with writing():
            folded = sums.fold()
        count += folded
        if not folded:
            break
    click.echo(f"{count} fresh rows folded.")
