"""News: public sign-up with confirmation, leaving, mailings."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
