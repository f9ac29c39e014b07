"""People and organisations: names, addresses, consents, relations, interactions, search."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
