"""Stored files, sealed, by content hash."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.documents import models, views

    assert models
    app.register_blueprint(views.bp)
