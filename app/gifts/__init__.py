"""Gifts: what was given, by whom, for what, and how it was received."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
