"""Tasks with due date and owner, on any record."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.tasks import escalation, forms, models, panels, template_models, template_views, views

    assert forms
    assert models
    assert escalation
    assert template_models
    assert template_views
    panels.register()
    app.register_blueprint(views.bp)
