"""What pages share: form fields, filters, tables, navigation and panel registries, permissions, languages."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from jinja2 import StrictUndefined

    from app.ui import (
        assets,
        charts,
        errors,
        filters,
        headers,
        icons,
        identity,
        ids,
        languages,
        permissions,
        translations,
        views,
    )
    from app.ui.lists import here
    from app.ui.panels import panels_for

    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    for part in (ids, languages, permissions, filters, icons, assets, charts, errors, headers, views, translations):
        part.init_app(app)
    app.jinja_env.globals.update(identity=identity.identity, panels_for=panels_for, here=here)
