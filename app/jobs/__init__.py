"""Work for later: our own job table, claimed by lease, and schedules."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
