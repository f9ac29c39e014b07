"""The organisation: the one legal entity that receives the money, and its own bank accounts."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.organisation import models, public_views, queries
    from app.ui import identity

    assert models
    identity.provide(queries.known)
    app.register_blueprint(public_views.bp)
