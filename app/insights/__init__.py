"""Dashboards: the cockpit and its figures."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
