"""The public Steun ons pages: the donation form, checkout and what comes after."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.giving import campaign_views, page, result_views, views
    from app.ui import navigation

    assert campaign_views
    page.init_app(app)
    result_views.init()
    app.register_blueprint(views.bp)
    navigation.public_home_at("giving.form_nl")
