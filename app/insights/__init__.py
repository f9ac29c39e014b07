"""Dashboards: the cockpit and its figures."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.base.states import N_
    from app.insights import views
    from app.ui import navigation
    from app.ui.permissions import Permission

    app.register_blueprint(views.bp)
    navigation.home_at("insights.cockpit")
    navigation.add(
        navigation.NavItem(
            navigation.Section.TODAY, "insights.cockpit", N_("Today"), Permission.COCKPIT_READ, order=1, phone=True
        )
    )
