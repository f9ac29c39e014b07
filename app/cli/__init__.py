"""Commands that belong to the whole house, and /healthz; rooms add commands of their own."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.cli import backup_commands, errors, health, install, serve

    for part in (health, serve, install, backup_commands):
        part.init_app(app)
    errors.wrap(app.cli)
