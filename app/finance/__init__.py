"""Income, reports, exports and checks for finance."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
