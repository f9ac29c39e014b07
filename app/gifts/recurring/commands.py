"""`flask recurring`: what the jobs do, by hand."""

from __future__ import annotations

import click
from flask import Flask

from app.base.dates import local_date
from app.extensions import now


def init_app(app: Flask) -> None:
    @app.cli.group("recurring")
    def recurring() -> None:
        """Recurring gifts: announce and plan what is due."""

    @recurring.command("plan")
    @click.option("--days", type=click.IntRange(0, 31), default=7, show_default=True, help="Plan so many days ahead.")
    def plan(days: int) -> None:
        """Plan what was announced and is due. May be stopped and started again."""
        from datetime import timedelta

        from app.gifts.recurring.planning import plan_until

        click.echo(f"{plan_until(local_date(now()) + timedelta(days=days))} collections planned")
