"""Tokens of every kind: single use, task links, feeds. Only hashes are stored."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.links import models, services

    assert models
    assert services
