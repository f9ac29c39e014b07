"""`flask demo load`: a demo of any size."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.demo import bulk
from app.extensions import first_start, now, settings
from config import SettingsError

group = AppGroup("demo", help="Invented data, refused in production.")


@group.command("load")
@click.option("--supporters", type=click.IntRange(0, 2_000_000), default=1000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same people.")
def load(supporters: int, seed: int) -> None:
    """Add invented supporters with five gifts each on average, and the demo organisation if there is none."""
    from app.extensions import migrating

    if settings().is_production:
        raise SettingsError("flask demo load is refused in production.")
    with migrating.alone():
        migrating.upgrade()
        first_start.fill()
    with click.progressbar(length=supporters, label="Supporters and their gifts") as bar:
        for made in bulk.load_supporters(supporters, seed, now=now()):
            bar.update(made)
