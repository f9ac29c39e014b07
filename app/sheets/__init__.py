"""CSV and XLSX, in and out, in bounded memory, executing nothing."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Nothing to bind: the room is plain functions."""
