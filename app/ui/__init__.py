"""What pages share: form fields, filters, tables, navigation and panel registries, permissions, languages."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.ui import permissions

    permissions.init_app(app)
