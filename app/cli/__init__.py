"""Commands that belong to the whole house; rooms add their own."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
