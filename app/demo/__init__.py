"""The demo organisation: invented people, example grants, a mailbox, and a loader for any size."""

from __future__ import annotations

from flask import Flask

from app.extensions import settings


def init_app(app: Flask) -> None:
    from app.demo import views

    with app.app_context():
        if not settings().is_production:
            app.register_blueprint(views.bp)
