"""Programmes that money goes to, restricted funds within them, and campaigns that raise it."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.programmes import models  # noqa: F401
