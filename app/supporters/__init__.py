"""People and organisations: names, addresses, consents, relations, interactions, search."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.supporters import (
        consent_models,
        consent_views,
        contact_models,
        contact_views,
        doubles,
        duplicate_views,
        edit_views,
        interaction_models,
        interaction_views,
        models,
        places,
        views,
    )

    assert consent_models
    assert contact_models
    assert interaction_models
    assert models
    assert doubles
    for each in (consent_views, contact_views, duplicate_views, edit_views, interaction_views):
        assert each.bp is views.bp
    places.register(app)
    app.register_blueprint(views.bp)
