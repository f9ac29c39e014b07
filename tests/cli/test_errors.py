"""Commands are wrapped once, however many applications a process makes."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask

from app import create_app
from tests.conftest import make_settings


def depth(command: click.Command) -> int:
    count, callback = 0, command.callback
    while callback is not None and hasattr(callback, "__wrapped__"):
        count, callback = count + 1, callback.__wrapped__
    return count


def test_another_application_adds_nothing_to_a_command(app: Flask, tmp_path: Path) -> None:
    ledger = app.cli.commands["ledger"]
    assert isinstance(ledger, click.Group)
    before = depth(ledger.commands["check"])
    assert before > 0
    create_app(make_settings(tmp_path))
    assert depth(ledger.commands["check"]) == before
