"""Double entry, append-only: accounts, periods, journal, postings, sums."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.ledger import commands, jobs, models, seals  # noqa: F401

    seals.register()
    app.cli.add_command(commands.group)
