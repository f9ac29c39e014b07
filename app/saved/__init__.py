"""Filters of lists that people keep under a name, for themselves or for the team."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.saved import models, views

    assert models
    app.register_blueprint(views.bp)
    app.jinja_env.globals["saved_filters"] = views.bar
