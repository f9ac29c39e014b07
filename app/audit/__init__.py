"""The append-only trail of who changed what, sealed in a chain of hashes."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
