"""The demo organisation: invented people, example grants, and a loader for any size."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
