"""Mail: written in the business transaction, delivered by the worker."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.outbox import delivery, models

    assert delivery
    assert models
