"""Encryption at rest, blind indexes for exact search, and the keys, one per person for what erasure must destroy."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
