"""Tasks with due date and owner, on any record."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.tasks import forms, models, panels, views

    assert forms
    assert models
    panels.register()
    app.register_blueprint(views.bp)
