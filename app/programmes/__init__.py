"""What money is for: programmes, funds, campaigns."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
