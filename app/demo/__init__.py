"""The demo organisation: invented people, example grants, a mailbox, and a loader for any size."""

from __future__ import annotations

from flask import Flask

from app.extensions import settings


def init_app(app: Flask) -> None:
    from app.demo import commands, services, views
    from app.extensions import first_start

    app.cli.add_command(commands.group)
    with app.app_context():
        if not settings().is_production:
            app.register_blueprint(views.bp)
            first_start.register(app, services.FIRST_START)
