"""The public Steun ons pages: the donation form, checkout and what comes after."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
