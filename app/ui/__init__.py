"""What pages share: form fields, filters, tables, navigation and panel registries, permissions, languages."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.ui import (
        assets,
        charts,
        errors,
        filters,
        headers,
        icons,
        identity,
        ids,
        jinja,
        languages,
        permissions,
        translations,
        views,
    )
    from app.ui.lists import here, there
    from app.ui.panels import panels_for

    for part in (
        jinja,
        ids,
        languages,
        permissions,
        filters,
        icons,
        assets,
        charts,
        errors,
        headers,
        views,
        translations,
    ):
        part.init_app(app)
    app.jinja_env.globals.update(identity=identity.identity, panels_for=panels_for, here=here, there=there)
