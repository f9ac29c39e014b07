"""People and organisations: names, addresses, consents, relations, interactions, search."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.supporters import consent_models, contact_models, doubles, interaction_models, models

    assert consent_models
    assert contact_models
    assert interaction_models
    assert models
    assert doubles
