"""`flask grants …`"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.base.actor import system
from app.extensions import now
from app.extensions.transactions import writing_in_bulk
from app.grants.instalments import services as instalments
from app.grants.recognition import services as recognition

group = AppGroup("grants", help="Grants: recognise what falls due.")
ACTOR = system("grants.recognise")


@group.command("recognise")
def recognise() -> None:
    """Book the income that falls due by year or by costs (each morning by itself); again changes nothing."""
    years = done = 0
    while True:
        with writing_in_bulk():
            done = instalments.recognise_year(actor=ACTOR, now=now())
        years += done
        if not done:
            break
    after: int | None = 0
    while after is not None:
        with writing_in_bulk():
            after = recognition.follow_all(after=after, actor=ACTOR, now=now())
    click.echo(f"{years} contributions of a year booked; costs followed.")
